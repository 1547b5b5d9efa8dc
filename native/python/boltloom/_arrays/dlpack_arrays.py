# SPDX-License-Identifier: Apache-2.0
"""Arrays of any other package that speaks DLPack, such as JAX."""

from __future__ import annotations

from typing import Any

from .. import _native
from .memory import Memory


def read(array: Any) -> Memory:
    dtype, shape = _native.describe(array, False)
    return Memory(array, dtype, shape, array)


def write(array: Any) -> Memory:
    dtype, shape = _native.describe(array, True)
    return Memory(array, dtype, shape, array)


def blank(like: Memory, shape: tuple[int, ...]) -> Memory:
    block = _native.blank(shape, like.dtype)
    return Memory(block, like.dtype, shape, block)


def result(like: Memory, filled: Memory) -> Any:
    """An array of the same package where it follows the array API standard, else an object with DLPack and buffer."""
    namespace = getattr(like.owner, "__array_namespace__", None)
    return namespace().from_dlpack(filled.owner) if namespace else filled.owner
