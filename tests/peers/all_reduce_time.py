# SPDX-License-Identifier: Apache-2.0
"""One rank of the bench: times float32 all-reduces with one library. Rank 0 prints JSON {bytes: seconds}.

Usage (under a launcher): all_reduce_time.py boltloom|mlx|gloo SIZE_IN_BYTES...
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np


def boltloom_ring() -> tuple[int, Callable[[int], Callable[[], object]]]:
    import boltloom

    group = boltloom.init()

    def prepare(count: int) -> Callable[[], object]:
        x = np.ones(count, np.float32)
        return lambda: group.all_reduce(x, out=x, op="max")

    return group.rank, prepare


def mlx_ring() -> tuple[int, Callable[[int], Callable[[], object]]]:
    import mlx.core as mx

    mx.set_default_device(mx.cpu)
    group = mx.distributed.init(strict=True, backend="ring")

    def prepare(count: int) -> Callable[[], object]:
        x = mx.ones(count)
        mx.eval(x)
        return lambda: mx.eval(mx.distributed.all_sum(x, group=group))

    return group.rank(), prepare


def gloo() -> tuple[int, Callable[[int], Callable[[], object]]]:
    import atexit

    import torch
    import torch.distributed as dist

    dist.init_process_group("gloo")
    atexit.register(dist.destroy_process_group)

    def prepare(count: int) -> Callable[[], object]:
        x = torch.ones(count)
        return lambda: dist.all_reduce(x, op=dist.ReduceOp.MAX)

    return dist.get_rank(), prepare


LIBRARIES = {"boltloom": boltloom_ring, "mlx": mlx_ring, "gloo": gloo}


def main() -> None:
    rank, prepare = LIBRARIES[sys.argv[1]]()
    times = {}
    for size in map(int, sys.argv[2:]):
        once = prepare(max(1, size // 4))
        for _ in range(3):
            once()
        rounds = 5 if size >= 1 << 22 else 50
        taken = []
        for _ in range(rounds):
            begin = time.perf_counter()
            once()
            taken.append(time.perf_counter() - begin)
        times[size] = statistics.median(taken)
    if rank == 0:
        print(json.dumps(times), flush=True)


if __name__ == "__main__":
    main()
