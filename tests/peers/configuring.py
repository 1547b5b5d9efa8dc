# SPDX-License-Identifier: Apache-2.0
"""From cables to a hostfile: ``boltloom config --auto-setup`` beside ``mlx.distributed_config --auto-setup``.

Both on rings of simulated Macs, each time on a fresh fleet, because whoever comes second would find the work done. Real
Macs compute for themselves; here all of them share this computer, so what a host does for itself counts as if the
hosts did it one after the other. How much of our time is Ansible's is shown by a playbook of as many tasks that do
nothing. Beside each time stand the seconds of CPU that the control machine and the hosts took together: a busy computer
changes them less than it changes the time.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fleet.fleet import Fleet

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[2]
SIZES = (4, 8, 16)
GOALS = {4: 1.0, 8: 0.5, 16: 1 / 3}  # of the peer's time, at most
AGAIN = 0.5  # of our own first run, at most
TIMEOUT = 300
# As many modules on each host as a first run of ours, with our settings.
NOTHING = [{"name": "Nothing", "ansible.builtin.ping": {}, "become": become} for become in (False, True, False, True)]


class Cost(NamedTuple):
    """What a command took."""

    seconds: float
    cpu: float  # of the control machine and of all hosts


def ring(hosts: int) -> str:
    """A fleet file: every Mac cabled to the next one."""
    cables = [[f"mac{i + 1}:3", f"mac{(i + 1) % hosts + 1}:2"] for i in range(hosts)]
    return json.dumps({"hosts": {f"mac{i + 1}": {} for i in range(hosts)}, "cables": cables})


def compare_configuring(sizes: tuple[int, ...], rounds: int) -> None:
    """Print a row for each size of ring."""
    from fleet.fleet import why_not_here

    print("\nconfiguring a ring of simulated Macs, wall time: ours / mlx.distributed_config's (below 1: we are faster)")
    print(f"(all of them share the {os.cpu_count()} cores of this computer, which real ones do not)")
    if reason := why_not_here():
        print(f"not measured: {reason}")
        return
    for hosts in sizes:
        seen = [one_round(hosts) for _ in range(rounds)]
        theirs, first, again, idle = (median(column) for column in zip(*seen, strict=True))
        ratio = first.seconds / theirs.seconds
        print(f"{hosts:>2} hosts  ours {shown(first)}   mlx {shown(theirs)}   {ratio:5.2f} (goal {GOALS[hosts]:.2f})")
        ratio = again.seconds / first.seconds
        print(f"          again {shown(again)}   {ratio:5.2f} of the first run (goal {AGAIN:.2f})")
        print(f"          {len(NOTHING)} tasks of Ansible that do nothing: {shown(idle)}")


def median(costs: Iterable[Cost]) -> Cost:
    return Cost(*(statistics.median(column) for column in zip(*costs, strict=True)))


def shown(cost: Cost) -> str:
    return f"{cost.seconds:6.2f} s ({cost.cpu:5.2f} s of CPU)"


def one_round(hosts: int) -> tuple[Cost, ...]:
    """Of the peer, of our first run, of our second run, of Ansible alone."""
    names = ",".join(f"mac{i + 1}" for i in range(hosts))
    common = ["--backend", "ring", "--over", "thunderbolt", "--auto-setup", "--hosts", names]
    theirs = on_a_fresh_fleet(
        hosts, lambda fleet, folder: [configured(fleet, folder, "mlx.distributed_config", common)]
    )
    return (*theirs, *on_a_fresh_fleet(hosts, lambda fleet, folder: ours(fleet, folder, common)))


def ours(fleet: Fleet, folder: Path, common: list[str]) -> list[Cost]:
    """Of our first run, of our second run, of Ansible alone."""
    return [*(configured(fleet, folder, "boltloom config", common) for _ in range(2)), nothing(fleet, folder)]


def on_a_fresh_fleet(hosts: int, measure: Callable[[Fleet, Path], list[Cost]]) -> list[Cost]:
    """What is measured in a folder that fleet and control machine see."""
    from fleet.fleet import fleet_up

    (ROOT / ".build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=ROOT / ".build") as name:
        folder = Path(name)
        os.chmod(folder, 0o755)
        (folder / "ring.yml").write_text(ring(hosts))
        with fleet_up(folder / "ring.yml", name=f"bench{os.getpid()}") as fleet:
            for name in fleet.hosts:  # so that nobody pays for the first look at a key of ssh
                fleet.run("control", ["ssh", name, "true"], check=True)
            return measure(fleet, folder)


def configured(fleet: Fleet, folder: Path, command: str, common: list[str]) -> Cost:
    """Of a command that writes a hostfile for all hosts."""
    program, *words = command.split()
    cost = measured(fleet, [str(BIN / program), *words, *common, "--output-hostfile", str(folder / "hosts.json")])
    if len(json.loads((folder / "hosts.json").read_text())["hosts"]) != len(fleet.hosts):
        sys.exit(f"bench: {command} left hosts out")
    return cost


def nothing(fleet: Fleet, folder: Path) -> Cost:
    """Of a playbook of tasks that do nothing, with the settings that ours has."""
    from boltloom_launcher.ansible.settings import play_environment

    (folder / "s").mkdir()
    settings = [f"{name}={value}" for name, value in play_environment({}, folder / "s").items()]
    play = [{"hosts": "all", "gather_facts": False, "tasks": NOTHING}]
    (folder / "nothing.json").write_text(json.dumps(play))
    argv = [str(BIN / "ansible-playbook"), "-i", ",".join(fleet.hosts) + ",", str(folder / "nothing.json")]
    return measured(fleet, ["env", *settings, *argv])


def measured(fleet: Fleet, argv: list[str]) -> Cost:
    begin, before = time.perf_counter(), cpu_of(fleet)
    done = fleet.run("control", argv, timeout=TIMEOUT)
    cost = Cost(time.perf_counter() - begin, cpu_of(fleet) - before)
    if done.returncode:
        sys.exit(f"bench: {' '.join(argv)} exited {done.returncode}:\n{done.stderr[-2000:]}")
    return cost


def cpu_of(fleet: Fleet) -> float:
    """Seconds so far: of what has ended on the control machine, of the hosts and of what has ended there."""
    from boltloom_launcher.agent.processes import stat_fields

    ours = resource.getrusage(resource.RUSAGE_CHILDREN)
    ticks = 0
    for process in fleet.processes():
        with contextlib.suppress(OSError):  # it ended while we looked
            ticks += sum(map(int, stat_fields(process)[11:15]))  # its own, and of the children that it waited for
    return ours.ru_utime + ours.ru_stime + ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":  # python tests/peers/configuring.py 4 8
    sys.path[:0] = [str(ROOT / "tests")]
    compare_configuring(tuple(int(word) for word in sys.argv[1:]) or SIZES, rounds=1)
