# SPDX-License-Identifier: Apache-2.0
"""``boltloom exec``: a rank that a scheduler has started finds the others, and becomes the program."""

from __future__ import annotations

import ipaddress
import os
import platform
import re
import socket
import sys
from collections.abc import Mapping
from typing import Any

import click
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.hostfile import Hostfile

from boltloom_launcher.agent.ports import Ports
from boltloom_launcher.allocation.hydra import mpiexec
from boltloom_launcher.allocation.joining import Meeting, derived_port, join
from boltloom_launcher.allocation.key import shared_key
from boltloom_launcher.allocation.place import MOST_RANKS, Own, Place
from boltloom_launcher.allocation.plan import Settings
from boltloom_launcher.allocation.program import become, environment_of, found
from boltloom_launcher.allocation.schedulers import find_place
from boltloom_launcher.backends import backend
from boltloom_launcher.cli.values import PORT, SECONDS, variables
from boltloom_launcher.errors import UsageError
from boltloom_launcher.roster import read_hostfile

_PLACE = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\[\]:\s]+)(?::([0-9]{1,5}))?")


@click.command(
    context_settings={"allow_interspersed_args": False}, short_help="Be a rank that a scheduler has started."
)
@click.option("--backend", metavar="NAME", help="ring, jaccl, jaccl-ring or nccl. [default: the hostfile's, or ring]")
@click.option(
    "--hostfile",
    metavar="FILE",
    help="Addresses and devices of the hosts by name, as boltloom.cluster.configure writes them.",
)
@click.option(
    "--coordinator",
    metavar="HOST[:PORT]",
    help="Host that rank 0 is on. [default: as the scheduler says; for mpirun, its own host]",
)
@click.option(
    "--port", type=PORT, help="Port of rank 0 on which the ranks meet. [default: one made from the run's name]"
)
@click.option(
    "--size", type=click.IntRange(1, MOST_RANKS), help="How many ranks, where the scheduler does not say (Kubernetes)."
)
@click.option("--env", multiple=True, metavar="NAME=VALUE", help="Variable for the program; may be repeated.")
@click.option(
    "-p", "--starting-port", type=PORT, help="First port of the ring. [default: ports that are free on each host]"
)
@click.option("--connections-per-ip", default=1, type=click.IntRange(min=1), help="Ring connections per address.")
@click.option("--nccl-port", type=PORT, help="Port of NCCL's rendezvous. [default: one that is free]")
@click.option(
    "--timeout",
    default=300.0,
    envvar="BOLTLOOM_TIMEOUT",
    type=SECONDS,
    help="Seconds that the ranks may take to meet, and then each collective. [default: 300]",
)
@click.option("--verbose", is_flag=True, help="Say on stderr what was found and agreed.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def exec(**options: Any) -> int:
    """Run COMMAND as one rank of a job that a scheduler has started: srun (Slurm), mpirun (Open MPI, MPICH), torchrun,
    or an indexed Job of Kubernetes.

    \b
        srun -N 4 boltloom exec -- python train.py
        mpirun -n 4 boltloom exec -- python train.py
        torchrun --nproc-per-node 4 --no-python boltloom exec -- python train.py

    The scheduler's variables say which rank this is. The ranks meet once, on a port of rank 0's host, and agree on
    addresses and free ports; then each has the environment that boltloom launch would give it, and this process
    becomes COMMAND: signals, output and exit status are between it and the scheduler.

    Only who has the user's key may meet: ~/.config/boltloom/key, made by the first run. Where the hosts do not share
    the home, set BOLTLOOM_TOKEN to the same secret for all ranks.

    Exit status: the program's own; before it has begun, 2 wrong usage or file, 3 hosts not fit, or ranks missing.
    """
    if not options["command"]:
        raise UsageError("no command is given", "write it behind the options, as in: srun boltloom exec -- hostname")
    inherited = dict(os.environ)
    place = find_place(inherited, _own(inherited, options["size"]))
    hostfile = read_hostfile(options["hostfile"]) if options["hostfile"] else None
    for line in (f"{each} has no effect: no such key is known" for each in (hostfile.unknown if hostfile else ())):
        _say(place, line)
    inherited |= variables([*(hostfile.envs if hostfile else ()), *options["env"]])
    name = options["backend"] or (hostfile.backend if hostfile else "") or "ring"
    if backend(name).starter != "agent":
        raise UsageError(f"--backend {name} is for boltloom launch", "start the program with mpirun or srun itself")
    argv = found(list(options["command"]), inherited)
    meeting = _meeting(options, place, name, hostfile)
    ports = Ports()
    plan = join(meeting, ports)
    ports.keep_over_exec()
    if options["verbose"]:
        where = f"rank {place.rank} of {place.size} of {place.scheduler} on {meeting.host}"
        _say(place, f"{where}: run {plan.run_id}, backend {name}, at {plan.coordinator}", everybody=True)
    become(argv, environment_of(plan, place.rank, inherited, place.kept))


def _own(environment: Mapping[str, str], size: int | None) -> Own:
    """Looked up only where a scheduler needs it: a slow name server would cost every rank its seconds."""
    return Own(
        host=platform.node(),
        full_name=_full_name() if "JOB_COMPLETION_INDEX" in environment else "",
        mpiexec=mpiexec() if "PMI_RANK" in environment else "",
        size=size,
    )


def _full_name() -> str:
    """What hostname -f says: in a pod, the kubelet has written it into /etc/hosts."""
    try:
        return socket.getaddrinfo(platform.node(), None, flags=socket.AI_CANONNAME)[0][3]
    except OSError:
        return platform.node()


def _meeting(options: dict[str, Any], place: Place, name: str, hostfile: Hostfile | None) -> Meeting:
    host, port = _coordinator(options["coordinator"] or "", options["port"], place)
    settings = Settings(
        backend=name,
        timeout=options["timeout"],
        starting_port=options["starting_port"],
        connections_per_ip=options["connections_per_ip"],
        nccl_port=options["nccl_port"],
        verbose=options["verbose"],
    )
    return Meeting(
        place=place,
        host=place.host or platform.node(),
        coordinator=host,
        port=port or derived_port(place.run),
        key=shared_key(os.environ),
        settings=settings,
        hostfile=hostfile,
        alike=repr((settings, hostfile)),
    )


def _coordinator(text: str, given_port: int | None, place: Place) -> tuple[str, int | None]:
    """Where the ranks meet."""
    given, port = _split(text) if text else ("", None)
    if port and given_port and port != given_port:
        raise UsageError(f"--coordinator says port {port}, and --port {given_port}", "give one of them")
    port = port or given_port
    if place.size == 1:
        return "127.0.0.1", port
    if not place.run and not port:
        raise UsageError(
            f"{place.scheduler} does not say which run this is", "give a port with --port, for each run another"
        )
    if given:
        return given, port
    if place.local_size == place.size:
        return "127.0.0.1", port
    if not place.coordinator:
        raise UsageError(f"{place.scheduler} does not say which host rank 0 is on", "give it with --coordinator")
    return place.coordinator, port


def _split(text: str) -> tuple[str, int | None]:
    """HOST, HOST:PORT, an IPv6 address, or one in brackets with a port."""
    try:
        return str(ipaddress.ip_address(text)), None
    except ValueError:
        found = _PLACE.fullmatch(text)
    port = int(found[2]) if found and found[2] else None
    if not found or port is not None and not 1 <= port <= 65535:
        raise UsageError(f"--coordinator is {text!r}, which is no place", "write HOST or HOST:PORT")
    return found[1].strip("[]"), port


def _say(place: Place, line: str, everybody: bool = False) -> None:
    """What all would say, rank 0 says for them."""
    if everybody or place.rank == 0:
        print(f"boltloom: {line}", file=sys.stderr, flush=True)
