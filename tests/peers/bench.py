# SPDX-License-Identifier: Apache-2.0
"""`make bench`: our library and our launcher beside their peers, in one run, as ratios.

Absolute times drift between machines and minutes; a ratio measured side by side does not. Each figure is the median
over rounds in which the candidates take turns.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1])]
from peers.configuring import SIZES as SIZES_OF_RINGS  # noqa: E402
from peers.configuring import compare_configuring  # noqa: E402
from peers.launching import compare_launchers  # noqa: E402
from peers.planner_time import print_planner_times  # noqa: E402

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
SIZES = [8, 4096, 65536, 1 << 20, 1 << 24, 1 << 26]


def library_times(library: str, ranks: int) -> dict[int, float]:
    """Median seconds of one all-reduce by size, all libraries started by the same launcher."""
    argv = [str(BIN / "boltloom"), "launch", "--no-tag-output", "-n", str(ranks)]
    argv += ["--env", "GLOO_SOCKET_IFNAME=lo", "--env", "OMP_NUM_THREADS=1", "--"]
    argv += [sys.executable, str(HERE / "all_reduce_time.py"), library, *map(str, SIZES)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300)
    if done.returncode:
        sys.exit(f"bench: {library} with {ranks} ranks exited {done.returncode}:\n{done.stderr[-2000:]}")
    return {int(size): t for size, t in json.loads(done.stdout).items()}


def compare_libraries(ranks: int, rounds: int) -> None:
    libraries = ("boltloom", "gloo", "mlx")
    seen: dict[str, list[dict[int, float]]] = {name: [] for name in libraries}
    for _ in range(rounds):
        for name in libraries:
            seen[name].append(library_times(name, ranks))
    print(f"\nall_reduce, float32, {ranks} ranks, loopback: peer's time / ours (above 1: we are faster)")
    print(f"{'bytes':>10} {'ours':>12} {'bus GB/s':>9} {'gloo':>8} {'mlx ring':>9}")
    for size in SIZES:
        t = {name: statistics.median(run[size] for run in seen[name]) for name in libraries}
        bus = 2 * (ranks - 1) / ranks * size / t["boltloom"] / 1e9
        ratios = f"{t['gloo'] / t['boltloom']:>7.1f}x {t['mlx'] / t['boltloom']:>8.1f}x"
        print(f"{size:>10} {t['boltloom'] * 1e6:>9.1f} us {bus:>9.2f} {ratios}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often the candidates take turns")
    parser.add_argument("--ranks", type=int, nargs="*", default=[2, 4])
    args = parser.parse_args()
    for ranks in args.ranks:
        compare_libraries(ranks, args.rounds)
    compare_launchers(args.rounds)
    print_planner_times(args.rounds)
    compare_configuring(SIZES_OF_RINGS, min(args.rounds, 3))


if __name__ == "__main__":
    main()
