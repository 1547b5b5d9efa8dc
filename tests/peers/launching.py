# SPDX-License-Identifier: Apache-2.0
"""``boltloom launch`` beside mlx.launch, Open MPI's mpirun and torchrun; and what has a goal of its own.

Each figure is the median over rounds in which the candidates take turns. Hosts are simulated Macs, or, where there
shall be many agents, this computer behind a program that does what ssh does.
"""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet.fleet import Fleet

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[2]
LAUNCHERS = {
    "ours": [f"{BIN}/boltloom", "launch", "-n", "{ranks}", "--"],
    "mlx.launch": [f"{BIN}/mlx.launch", "-n", "{ranks}", "--"],
    "mpirun": ["mpirun.openmpi", "--allow-run-as-root", "--oversubscribe", "-n", "{ranks}"],
    "torchrun": [f"{BIN}/torchrun", "--nproc-per-node", "{ranks}", "--no-python"],
}
LINE = f"{sys.executable} -c \"import sys; [sys.stdout.write('x' * 99 + chr(10)) for _ in range(1000000)]\""
LOCAL = {
    "4 local ranks of `true`": (4, ["true"]),
    "32 local ranks of `true`": (32, ["true"]),
    "200 MB of output, 2 ranks": (2, ["sh", "-c", LINE]),
}
HOSTS = (4, 8, 16)
TIMEOUT = 300.0
IDLE_S = 10.0
SSH = (
    '#!/bin/sh\nfor last; do :; done\ncase " $* " in *" -G "*) exec {ssh} "$@";; esac\n'
    'export SSH_CONNECTION="{address} 1 {address} 22"\nexec /bin/sh -c "$last"\n'
)
DIES = 'if [ "$BOLTLOOM_RANK" = 3 ]; then sleep 2; date +%s.%N; kill -9 $$; fi; exec sleep 100'


def compare_launchers(rounds: int) -> None:
    """Print the table."""
    print("\nlaunchers: wall time, memory of the largest process (in brackets: theirs / ours, above 1: we are better)")
    for name, (ranks, program) in LOCAL.items():
        measured = {who: [run_local(who, ranks, program) for _ in range(rounds)] for who in LAUNCHERS}
        _row(name, {who: statistics.median(t for t, _ in seen) for who, seen in measured.items()}, "s")
        if "output" in name:
            memory = {who: statistics.median(kib / 1024 for _, kib in seen) for who, seen in measured.items()}
            _row("  its memory", memory, "MiB")
    _on_fleets(rounds)
    goals = {
        "boltloom launch --help": (_help, 0.15, "s"),
        f"CPU of 4 idle ranks' launcher and agent over {IDLE_S:g} s": (_idle, 1.0, "% of a core"),
        "64 agents behind something like ssh": (_many_agents, 3.0, "s"),
    }
    for name, (measure, goal, unit) in goals.items():
        value = statistics.median(measure() for _ in range(min(rounds, 3)))
        _goal(name, value, goal, unit)


def _row(name: str, figures: Mapping[str, float], unit: str) -> None:
    ours = figures["ours"]
    peers = "   ".join(f"{who} {value:.3f} ({value / ours:.2f}x)" for who, value in figures.items() if who != "ours")
    print(f"{name:<28} ours {ours:.3f} {unit}   {peers}", flush=True)


def _goal(name: str, value: float, goal: float, unit: str) -> None:
    print(f"{name:<58} {value:8.3f} {unit} (goal: under {goal:g})", flush=True)


def run_local(who: str, ranks: int, program: list[str]) -> tuple[float, float]:
    """Seconds, and KiB."""
    argv = [word.format(ranks=ranks) for word in LAUNCHERS[who]] + program
    with tempfile.TemporaryDirectory() as left_behind:  # the peers do not take their files away
        return _timed(argv, os.environ | {"TMPDIR": left_behind, "OMP_NUM_THREADS": "1"})


def _timed(argv: list[str], env: Mapping[str, str]) -> tuple[float, float]:
    begin, null = time.perf_counter(), subprocess.DEVNULL
    process = subprocess.Popen(argv, env=dict(env), stdin=null, stdout=null, stderr=null)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"bench: {' '.join(argv)} exited {process.returncode}")
    return time.perf_counter() - begin, usage.ru_maxrss


# ---- on simulated hosts ----


def _on_fleets(rounds: int) -> None:
    from fleet.fleet import why_not_here
    from peers.configuring import on_a_fresh_fleet

    if reason := why_not_here():
        print(f"hosts: not measured: {reason}")
        return
    for hosts in HOSTS:
        ours, theirs = on_a_fresh_fleet(hosts, lambda fleet, _: _true_on_hosts(fleet, rounds))
        _row(f"`true` on {hosts} hosts", {"ours": ours, "mlx.launch": theirs}, "s")
    gone = on_a_fresh_fleet(8, lambda fleet, _: [_from_death_to_end(fleet) for _ in range(rounds)])
    _goal("from the death of a rank on 8 hosts to the end of the run", statistics.median(gone), 0.5, "s")


def _true_on_hosts(fleet: Fleet, rounds: int) -> list[float]:
    # mlx.launch knows a host by its address alone.
    names = ",".join(fleet.hosts)
    addresses = ",".join(fleet.run("control", ["getent", "ahostsv4", name]).stdout.split()[0] for name in fleet.hosts)
    candidates = (
        [str(BIN / "boltloom"), "launch", "--hosts", names],
        [str(BIN / "mlx.launch"), "--backend", "ring", "--hosts", addresses],
    )
    seen: list[list[float]] = [[], []]
    for _ in range(rounds):
        for times, launcher in zip(seen, candidates, strict=True):
            begin = time.perf_counter()
            done = fleet.run("control", [*launcher, "--", "true"], timeout=TIMEOUT)
            times.append(time.perf_counter() - begin)
            if done.returncode:
                sys.exit(f"bench: {' '.join(launcher)} exited {done.returncode}:\n{done.stderr[-2000:]}")
    return [statistics.median(times) for times in seen]


def _from_death_to_end(fleet: Fleet) -> float:
    argv = [str(BIN / "boltloom"), "launch", "--hosts", ",".join(fleet.hosts), "--", "sh", "-c", DIES]
    done = fleet.run("control", argv, timeout=TIMEOUT)
    end = time.time()
    if done.returncode != 137:
        sys.exit(f"bench: a run of which a rank was killed exited {done.returncode}:\n{done.stderr[-2000:]}")
    return end - float(done.stdout)


# ---- what has a goal of its own ----


def _help() -> float:
    return _timed([str(BIN / "boltloom"), "launch", "--help"], os.environ)[0]


def _idle() -> float:
    """Per cent of a core that everything but the ranks takes."""
    from boltloom_launcher.agent.processes import descendants

    process = subprocess.Popen([str(BIN / "boltloom"), "launch", "-n", "4", "--", "sleep", "100"])
    try:
        time.sleep(3)
        family = [process.pid, *descendants(process.pid)]
        before = sum(_cpu(pid) for pid in family)
        time.sleep(IDLE_S)
        return 100 * (sum(_cpu(pid) for pid in family) - before) / IDLE_S
    finally:
        process.terminate()
        process.wait(60)


def _cpu(pid: int) -> float:
    from boltloom_launcher.agent.processes import stat_fields

    words = stat_fields(pid)
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _many_agents() -> float:
    with tempfile.TemporaryDirectory() as folder:
        ssh = Path(folder) / "ssh"
        ssh.write_text(SSH.format(ssh=shutil.which("ssh"), address=_own_address()))
        ssh.chmod(0o700)
        env = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}
        argv = [str(BIN / "boltloom"), "launch", "--no-preflight", "--hosts", "many[1-64]", "--", "true"]
        return _timed(argv, env)[0]


def _own_address() -> str:
    """By which others would reach us; nothing is sent to find out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])


if __name__ == "__main__":  # python tests/peers/launching.py 3
    sys.path[:0] = [str(ROOT / "tests")]
    compare_launchers(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
