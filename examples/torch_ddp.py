# SPDX-License-Identifier: Apache-2.0
"""Data-parallel training with PyTorch's DistributedDataParallel over gloo; found through MASTER_ADDR and its relatives.

boltloom launch -n 4 -- python examples/torch_ddp.py
torchrun --nproc-per-node 4 examples/torch_ddp.py
"""

from __future__ import annotations

import platform
import sys

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

STEPS, BATCH = 20, 64  # BATCH is divided among the ranks


def differ(model: nn.Module) -> bool:
    """The ranks do not all have the same parameters, to the last bit."""
    ours = nn.utils.parameters_to_vector(model.parameters()).detach()
    every = [torch.empty_like(ours) for _ in range(dist.get_world_size())]
    dist.all_gather(every, ours)
    return not all(torch.equal(ours, other) for other in every)


def train() -> None:
    rank, size = dist.get_rank(), dist.get_world_size()
    if BATCH % size:
        sys.exit(f"a batch of {BATCH} cannot be divided among {size} ranks")
    torch.manual_seed(7)  # the same model and the same data everywhere
    model = DistributedDataParallel(nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 1)))
    x = torch.randn(STEPS, BATCH, 8)
    y = torch.sin(x[:, :, :1])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    part = slice(rank * BATCH // size, (rank + 1) * BATCH // size)
    for step in range(STEPS):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x[step, part]), y[step, part]).backward()  # averages the gradients
        optimizer.step()
    where = f"rank {rank} on {platform.node()}"
    if differ(model):
        sys.exit(f"{where}: the ranks have different parameters")
    loss = nn.functional.mse_loss(model(x[0]), y[0]).item()
    print(f"{where}: after {STEPS} steps over {size} ranks the loss is {loss:.6f} ok", flush=True)


def main() -> None:
    dist.init_process_group("gloo")
    try:
        train()
    finally:
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
