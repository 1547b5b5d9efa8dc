# SPDX-License-Identifier: Apache-2.0
"""MPI programs of a few lines for both libraries, as words for an interpreter that has no need of a compiler."""

from __future__ import annotations

import sys

# Of each: rank, size, and the sum of the ranks over all of them.
MPI4PY = (
    "from mpi4py import MPI\n"
    "world = MPI.COMM_WORLD\n"
    "print(world.rank, world.size, world.allreduce(world.rank), flush=True)\n"
)
MPICH = (  # MPICH's C interface: its handles are numbers
    "import ctypes\n"
    "mpi = ctypes.CDLL('libmpich.so.12')\n"
    "rank, size, total = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()\n"
    "world, integer, addition = 0x44000000, 0x4C000405, 0x58000003\n"
    "assert mpi.MPI_Init(None, None) == 0\n"
    "mpi.MPI_Comm_rank(world, ctypes.byref(rank))\n"
    "mpi.MPI_Comm_size(world, ctypes.byref(size))\n"
    "assert mpi.MPI_Allreduce(ctypes.byref(rank), ctypes.byref(total), 1, integer, addition, world) == 0\n"
    "print(rank.value, size.value, total.value, flush=True)\n"
)
MLX = (
    "import mlx.core as mx\n"
    "world = mx.distributed.init(backend='mpi', strict=True)\n"
    "total = int(mx.distributed.all_sum(mx.array(world.rank())).item())\n"
    "print(world.rank(), world.size(), total, flush=True)\n"
)
THE_END = {MPI4PY: "", MPICH: "mpi.MPI_Finalize()\n", MLX: ""}


def options(flavour: str) -> list[str]:
    """For ``boltloom launch``: this one of the two that are installed."""
    return ["--backend", "mpi", "--env", f"BOLTLOOM_MPIRUN=mpirun.{flavour}"]


def python(program: str, more: str = "") -> list[str]:
    """The words that run a program, with ``more`` before its end."""
    return ["--", sys.executable, "-c", program + more + THE_END[program]]


OF = {"openmpi": MPI4PY, "mpich": MPICH}
