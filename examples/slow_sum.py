# SPDX-License-Identifier: Apache-2.0
"""Sums small arrays for about a minute: something to watch, to interrupt, and to kill a rank of.

    boltloom launch -n 4 -- python examples/slow_sum.py --seconds 60

When a rank dies, each of the others says which and where, and ends with status 1.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from array import array

import boltloom

WORK = 0.02  # seconds that a round pretends to compute: a program that only communicates would keep a core busy


def sum_until(group: boltloom.Group, seconds: float) -> None:
    """All ranks end in the same round: each says in the sum whether its time is over."""
    begin = time.monotonic()
    shown = 0
    finished = False
    rounds = 0
    while not finished:
        time.sleep(WORK)
        elapsed = time.monotonic() - begin
        total = group.all_reduce(array("q", [1, elapsed >= seconds]))
        rounds += 1
        finished = total[1] > 0
        if total[0] != group.size:
            sys.exit(f"rank {group.rank}: the sum is {total[0]} and should be {group.size}")
        if group.rank == 0 and int(elapsed) > shown:
            shown = int(elapsed)
            print(f"{shown:>4} s: {rounds} sums over {group.size} ranks", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="sums over all ranks for a while")
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    with boltloom.init() as group:
        print(f"rank {group.rank} on {group.hosts[group.rank]} (pid {os.getpid()}) sums now", flush=True)
        try:
            sum_until(group, options.seconds)
        except boltloom.Error as error:
            sys.exit(f"rank {group.rank} on {group.hosts[group.rank]}: {error}")


if __name__ == "__main__":
    try:
        main()
    except boltloom.Error as error:
        sys.exit(f"slow_sum: {error}")
