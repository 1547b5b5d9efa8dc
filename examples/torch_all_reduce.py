# SPDX-License-Identifier: Apache-2.0
"""A PyTorch program that knows nothing of Boltloom: gloo, found through MASTER_ADDR and its relatives.

boltloom launch -n 4 -- python examples/torch_all_reduce.py
torchrun --nproc-per-node 4 examples/torch_all_reduce.py
"""

from __future__ import annotations

import platform
import sys

import torch
import torch.distributed as dist


def main() -> None:
    dist.init_process_group("gloo")
    try:
        total = torch.full((1000,), dist.get_rank() + 1.0)
        dist.all_reduce(total)
        right = sum(range(1, dist.get_world_size() + 1))
        where = f"rank {dist.get_rank()} on {platform.node()}"
        if not bool((total == right).all()):
            sys.exit(f"{where}: the sum is {total} and should be {right}")
        print(f"{where}: PyTorch's sum over {dist.get_world_size()} ranks is {right} ok", flush=True)
    finally:
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
