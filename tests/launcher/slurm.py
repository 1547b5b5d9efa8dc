# SPDX-License-Identifier: Apache-2.0
"""A real Slurm of two nodes, n1 and n2, in namespaces of its own: nothing of it is left when its first process ends."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

CONFIG = """\
ClusterName=tiny
SlurmctldHost=n1(10.9.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/builtin
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
NodeName=n1 NodeHostname=n1 NodeAddr=10.9.0.1 Port=6818 CPUs=4
NodeName=n2 NodeHostname=n1 NodeAddr=10.9.0.2 Port=6819 CPUs=4
PartitionName=all Nodes=ALL Default=YES State=UP
"""

# Slurm resolves names with AI_ADDRCONFIG, which wants an address that is not the loopback's.
START = """\
set -e
cd {folder}
hostname n1
ip link set lo up
ip link add d0 type veth peer name d1
ip addr add 10.9.0.1/24 dev d0
ip addr add 10.9.0.2/24 dev d0
ip link set d0 up
ip link set d1 up
mount --bind hosts /etc/hosts
/usr/sbin/munged --key-file=munge.key --socket=munge.sock --pid-file={folder}/munge/pid \
  --seed-file={folder}/munge/seed --log-file={folder}/munge/log --num-threads=1 --force
/usr/sbin/slurmctld
/usr/sbin/slurmd -N n1
/usr/sbin/slurmd -N n2
echo begun
exec cat
"""


class Slurm:
    """Started when it is made; :meth:`stop` ends it."""

    def __init__(self, folder: Path) -> None:
        self.environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf"), "HOME": str(folder)}
        (folder / "slurm.conf").write_text(CONFIG.format(folder=folder))
        (folder / "hosts").write_text("127.0.0.1 localhost\n10.9.0.1 n1\n10.9.0.2 n2\n")
        for name in ("state", "munge"):
            (folder / name).mkdir(0o700)
        (folder / "munge.key").write_bytes(os.urandom(128))
        (folder / "munge.key").chmod(0o400)
        own = ["unshare", "-m", "-p", "-n", "-u", "-f", "--mount-proc", "--kill-child=KILL"]
        self._first = subprocess.Popen(
            [*own, "sh", "-c", START.format(folder=folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(folder / "start.log").open("w"),
            env=self.environment,
        )
        assert self._first.stdout
        assert self._first.stdout.readline() == b"begun\n", (folder / "start.log").read_text()
        # The child of unshare is the first process of the PID namespace: the door to all of them.
        children = Path(f"/proc/{self._first.pid}/task/{self._first.pid}/children").read_text().split()
        self._enter = ["nsenter", "-m", "-p", "-n", "-u", "-t", children[0]]

    def run(self, *argv: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """A command beside the daemons."""
        return subprocess.run(
            [*self._enter, *argv],
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def stop(self) -> None:
        """The namespace ends with its first process, and everybody in it."""
        assert self._first.stdin and self._first.stdout
        self._first.stdin.close()
        self._first.wait(60)
        self._first.stdout.close()
