# SPDX-License-Identifier: Apache-2.0
"""From cables to a hostfile: ``boltloom config --auto-setup`` beside ``mlx.distributed_config --auto-setup``.

Both on rings of simulated Macs, each time on a fresh fleet, because whoever comes second would find the work done. Real
Macs compute for themselves; here all of them share this computer, so what a host does for itself counts as if the
hosts did it one after the other.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[2]
SIZES = (4, 8, 16)
GOALS = {4: 1.0, 8: 0.5, 16: 1 / 3}  # of the peer's time, at most
AGAIN = 0.5  # of our own first run, at most
TIMEOUT = 300


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
        theirs, first, again = (statistics.median(column) for column in zip(*seen, strict=True))
        ratio = first / theirs
        print(f"{hosts:>2} hosts  ours {first:6.2f} s   mlx {theirs:6.2f} s   {ratio:5.2f} (goal {GOALS[hosts]:.2f})")
        print(f"          again {again:6.2f} s   {again / first:5.2f} of the first run (goal {AGAIN:.2f})")


def one_round(hosts: int) -> tuple[float, float, float]:
    """Seconds of the peer, of our first run, of our second run."""
    names = ",".join(f"mac{i + 1}" for i in range(hosts))
    common = ["--backend", "ring", "--over", "thunderbolt", "--auto-setup", "--hosts", names]
    (theirs,) = on_a_fresh_fleet(hosts, [str(BIN / "mlx.distributed_config"), *common], times=1)
    first, again = on_a_fresh_fleet(hosts, [str(BIN / "boltloom"), "config", *common], times=2)
    return theirs, first, again


def on_a_fresh_fleet(hosts: int, argv: list[str], times: int) -> list[float]:
    """Seconds of each run of a command that writes a hostfile for all hosts."""
    from fleet.fleet import fleet_up

    (ROOT / ".build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=ROOT / ".build") as folder:
        os.chmod(folder, 0o755)
        (Path(folder) / "ring.yml").write_text(ring(hosts))
        with fleet_up(Path(folder) / "ring.yml", name=f"bench{os.getpid()}") as fleet:
            for name in fleet.hosts:  # so that nobody pays for the first look at a key of ssh
                fleet.run("control", ["ssh", name, "true"], check=True)
            return [one_run(fleet, argv, hosts, Path(folder) / "hosts.json") for _ in range(times)]


def one_run(fleet: object, argv: list[str], hosts: int, hostfile: Path) -> float:
    begin = time.perf_counter()
    done: subprocess.CompletedProcess[str] = fleet.run(  # type: ignore[attr-defined]
        "control", [*argv, "--output-hostfile", str(hostfile)], timeout=TIMEOUT
    )
    seconds = time.perf_counter() - begin
    if done.returncode or len(json.loads(hostfile.read_text())["hosts"]) != hosts:
        sys.exit(f"bench: {' '.join(argv)} exited {done.returncode}:\n{done.stderr[-2000:]}")
    return seconds


if __name__ == "__main__":  # python tests/peers/configuring.py 4 8
    sys.path[:0] = [str(ROOT / "tests")]
    compare_configuring(tuple(int(word) for word in sys.argv[1:]) or SIZES, rounds=1)
