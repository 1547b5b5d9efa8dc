# SPDX-License-Identifier: Apache-2.0
"""Programs of other people, unchanged: MLX with its own ring, PyTorch with gloo."""

from __future__ import annotations

import sys

import pytest
from launcher.running import Launch, Sshd, err

MLX = """
import mlx.core as mx
group = mx.distributed.init(backend="ring", strict=True)
total = mx.distributed.all_sum(mx.full((5,), group.rank() + 1.0), group=group)
print(group.rank(), group.size(), total.tolist(), flush=True)
"""

TORCH = """
import torch, torch.distributed as dist
dist.init_process_group("gloo")
x = torch.full((3,), float(dist.get_rank() + 1))
dist.all_reduce(x)
print(dist.get_rank(), dist.get_world_size(), x.tolist(), flush=True)
dist.destroy_process_group()
"""


def test_mlx_ring_of_local_ranks(launch: Launch) -> None:
    pytest.importorskip("mlx.core")
    done = launch("-n", "2", "--", sys.executable, "-c", MLX)
    assert done.returncode == 0, err(done)
    assert sorted(done.stdout.decode().splitlines()) == [f"{r} 2 {[3.0] * 5}" for r in range(2)]


def test_mlx_alone(launch: Launch) -> None:
    pytest.importorskip("mlx.core")
    done = launch("--", sys.executable, "-c", MLX.replace("strict=True", "strict=False").replace("ring", "any"))
    assert (done.returncode, done.stdout) == (0, b"0 1 [1.0, 1.0, 1.0, 1.0, 1.0]\n"), err(done)


def test_mlx_ring_over_ssh(launch: Launch, sshd: Sshd) -> None:
    pytest.importorskip("mlx.core")
    done = launch(*sshd.options, "--hosts", "far1,far2", "--", sys.executable, "-c", MLX)
    assert done.returncode == 0, err(done)
    assert sorted(done.stdout.decode().splitlines()) == [f"{r} 2 {[3.0] * 5}" for r in range(2)]


@pytest.mark.slow
def test_pytorch_gloo(launch: Launch) -> None:
    pytest.importorskip("torch")
    done = launch("-n", "2", "--env", "GLOO_SOCKET_IFNAME=lo", "--", sys.executable, "-c", TORCH)
    assert done.returncode == 0, err(done)
    assert sorted(done.stdout.decode().splitlines()) == [f"{r} 2 {[3.0] * 3}" for r in range(2)]
