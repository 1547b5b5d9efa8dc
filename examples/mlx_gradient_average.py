# SPDX-License-Identifier: Apache-2.0
"""Data-parallel training with MLX: each rank takes its part of every batch, and the gradients are averaged.

boltloom launch -n 4 -- python examples/mlx_gradient_average.py
mlx.launch -n 4 -- python examples/mlx_gradient_average.py
"""

from __future__ import annotations

import platform
import sys

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
from mlx.utils import tree_flatten

STEPS, BATCH = 20, 64  # BATCH is divided among the ranks


def loss_of(model: nn.Module, x: mx.array, y: mx.array) -> mx.array:
    return nn.losses.mse_loss(model(x), y)


def differ(model: nn.Module, group: mx.distributed.Group) -> bool:
    """The ranks do not all have the same parameters, to the last bit."""
    ours = mx.concatenate([values.flatten() for _, values in tree_flatten(model.parameters())])
    every = mx.distributed.all_gather(ours[None], group=group)
    return not mx.all(every == ours).item()


def main() -> None:
    group = mx.distributed.init()
    rank, size = group.rank(), group.size()
    if BATCH % size:
        sys.exit(f"a batch of {BATCH} cannot be divided among {size} ranks")
    mx.random.seed(7)  # the same model and the same data everywhere
    model = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 1))
    x = mx.random.normal((STEPS, BATCH, 8))
    y = mx.sin(x[:, :, :1])
    optimizer = optim.SGD(learning_rate=0.05, momentum=0.9)
    loss_and_gradients = nn.value_and_grad(model, loss_of)
    part = slice(rank * BATCH // size, (rank + 1) * BATCH // size)
    for step in range(STEPS):
        _, gradients = loss_and_gradients(model, x[step, part], y[step, part])
        optimizer.update(model, nn.utils.average_gradients(gradients, group))
        mx.eval(model.parameters(), optimizer.state)
    where = f"rank {rank} on {platform.node()}"
    if differ(model, group):
        sys.exit(f"{where}: the ranks have different parameters")
    loss = loss_of(model, x[0], y[0]).item()
    print(f"{where}: after {STEPS} steps over {size} ranks the loss is {loss:.6f} ok", flush=True)


if __name__ == "__main__":
    main()
