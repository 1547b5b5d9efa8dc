# SPDX-License-Identifier: Apache-2.0
"""From cables to a hostfile: ``boltloom config --auto-setup`` beside ``mlx.distributed_config --auto-setup``.

Both on rings of simulated Macs, each time on a fresh fleet, because whoever comes second would find the work done. Real
Macs compute for themselves; here all of them share this computer, so what a host does for itself counts as if the
hosts did it one after the other. How much of our time is Ansible's is shown by a playbook of as many tasks that do
nothing.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

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
        theirs, first, again, idle = (statistics.median(column) for column in zip(*seen, strict=True))
        ratio = first / theirs
        print(f"{hosts:>2} hosts  ours {first:6.2f} s   mlx {theirs:6.2f} s   {ratio:5.2f} (goal {GOALS[hosts]:.2f})")
        print(f"          again {again:6.2f} s   {again / first:5.2f} of the first run (goal {AGAIN:.2f})")
        print(f"          {len(NOTHING)} tasks of Ansible that do nothing: {idle:.2f} s")


def one_round(hosts: int) -> tuple[float, ...]:
    """Seconds of the peer, of our first run, of our second run, of Ansible alone."""
    names = ",".join(f"mac{i + 1}" for i in range(hosts))
    common = ["--backend", "ring", "--over", "thunderbolt", "--auto-setup", "--hosts", names]
    theirs = on_a_fresh_fleet(
        hosts, lambda fleet, folder: [configured(fleet, folder, "mlx.distributed_config", common)]
    )
    return (*theirs, *on_a_fresh_fleet(hosts, lambda fleet, folder: ours(fleet, folder, common)))


def ours(fleet: Fleet, folder: Path, common: list[str]) -> list[float]:
    """Seconds of our first run, of our second run, of Ansible alone."""
    return [*(configured(fleet, folder, "boltloom config", common) for _ in range(2)), nothing(fleet, folder)]


def on_a_fresh_fleet(hosts: int, measure: Callable[[Fleet, Path], list[float]]) -> list[float]:
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


def configured(fleet: Fleet, folder: Path, command: str, common: list[str]) -> float:
    """Seconds of a command that writes a hostfile for all hosts."""
    program, *words = command.split()
    seconds = timed(fleet, [str(BIN / program), *words, *common, "--output-hostfile", str(folder / "hosts.json")])
    if len(json.loads((folder / "hosts.json").read_text())["hosts"]) != len(fleet.hosts):
        sys.exit(f"bench: {command} left hosts out")
    return seconds


def nothing(fleet: Fleet, folder: Path) -> float:
    """Seconds of a playbook of tasks that do nothing, with the settings that ours has."""
    from boltloom_launcher.ansible.settings import play_environment

    (folder / "s").mkdir()
    settings = [f"{name}={value}" for name, value in play_environment({}, folder / "s").items()]
    play = [{"hosts": "all", "gather_facts": False, "tasks": NOTHING}]
    (folder / "nothing.json").write_text(json.dumps(play))
    argv = [str(BIN / "ansible-playbook"), "-i", ",".join(fleet.hosts) + ",", str(folder / "nothing.json")]
    return timed(fleet, ["env", *settings, *argv])


def timed(fleet: Fleet, argv: list[str]) -> float:
    begin = time.perf_counter()
    done = fleet.run("control", argv, timeout=TIMEOUT)
    seconds = time.perf_counter() - begin
    if done.returncode:
        sys.exit(f"bench: {' '.join(argv)} exited {done.returncode}:\n{done.stderr[-2000:]}")
    return seconds


if __name__ == "__main__":  # python tests/peers/configuring.py 4 8
    sys.path[:0] = [str(ROOT / "tests")]
    compare_configuring(tuple(int(word) for word in sys.argv[1:]) or SIZES, rounds=1)
