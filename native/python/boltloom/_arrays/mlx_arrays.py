# SPDX-License-Identifier: Apache-2.0
"""MLX arrays. They are values: reading one evaluates it, and a result is always a new one.

The buffer protocol is used and not DLPack, because on a Mac MLX declares its memory as Metal's there, although the CPU
reads it as well.
"""

from __future__ import annotations

from typing import Any

import mlx.core as mx

from .. import _native
from .memory import ITEMSIZE, Memory, checked_dtype, refuse_out

_DTYPE_NAMES = {getattr(mx, "bool_" if name == "bool" else name): name for name in ITEMSIZE}


def read(array: Any) -> Memory:
    dtype = _DTYPE_NAMES.get(array.dtype) or checked_dtype(str(array.dtype))
    exporter = memoryview(array.view(mx.uint16) if dtype == "bfloat16" else array)
    if not exporter.c_contiguous:
        return read(mx.contiguous(array))
    return Memory(exporter, dtype, tuple(array.shape), array)


def write(array: Any) -> Memory:
    raise refuse_out("an MLX array is a value and never changes")


def blank(like: Memory, shape: tuple[int, ...]) -> Memory:
    block = _native.blank(shape, like.dtype)
    return Memory(block, like.dtype, shape, block)


def result(like: Memory, filled: Memory) -> Any:
    return mx.array(filled.owner, dtype=like.owner.dtype)
