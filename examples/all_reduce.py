# SPDX-License-Identifier: Apache-2.0
"""Sums arrays over all ranks with boltloom, checks the sum, and measures bus bandwidth.

    boltloom launch -n 4 -- python examples/all_reduce.py --sizes 64K,16M --repeat 20

Each rank prints one line; rank 0 prints the table. Started alone it is a group of one.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time

import boltloom
import numpy as np

UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def size_in_bytes(text: str) -> int:
    """4096, 64K, 16M, 1G"""
    unit = UNITS.get(text[-1:].upper(), 1)
    return int(text if unit == 1 else text[:-1]) * unit


def check_sum(group: boltloom.Group) -> None:
    """Rank r brings r + 1, so the sum is known; every rank looks at every element."""
    total = group.all_reduce(np.full(1000, group.rank + 1, dtype=np.float32))
    right = sum(range(1, group.size + 1))
    if not (total == right).all():
        sys.exit(f"rank {group.rank} on {group.hosts[group.rank]}: the sum is {total} and should be {right}")
    print(f"rank {group.rank} on {group.hosts[group.rank]}: the sum over {group.size} ranks is {right} ok", flush=True)


def seconds_per_all_reduce(group: boltloom.Group, size: int, repeat: int) -> float:
    """The median, after one round to warm up; the barrier keeps one round's laggard out of the next."""
    ours = np.ones(max(1, size // 4), dtype=np.float32)
    total = np.empty_like(ours)
    taken = []
    for _ in range(1 + repeat):
        group.barrier()
        begin = time.perf_counter()
        group.all_reduce(ours, out=total)
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken[1:])


def show(size: int, seconds: float, ranks: int) -> None:
    """Bus bandwidth: what each rank has to send for an all-reduce, 2(n-1)/n of its bytes, by the time that it took."""
    bandwidth = 2 * (ranks - 1) / ranks * size / seconds
    print(f"{size:>12,} bytes {seconds * 1e6:>12,.0f} us {bandwidth / 1e9:>8.3f} GB/s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="sum over all ranks, and bus bandwidth by size")
    parser.add_argument("--sizes", default="4K,64K,1M,8M", help="bytes of a float32 array, such as 4096,64K,16M")
    parser.add_argument("--repeat", type=int, default=10, help="how often each size is measured")
    options = parser.parse_args()
    sizes = [size_in_bytes(text) for text in options.sizes.split(",")]
    with boltloom.init() as group:
        check_sum(group)
        if group.rank == 0:
            print(f"float32 all-reduce, median of {options.repeat}: size, time, bus bandwidth", flush=True)
        for size in sizes:
            seconds = seconds_per_all_reduce(group, size, options.repeat)
            if group.rank == 0:
                show(size, seconds, group.size)


if __name__ == "__main__":
    try:
        main()
    except boltloom.Error as error:
        sys.exit(f"all_reduce: {error}")
