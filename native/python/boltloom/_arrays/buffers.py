# SPDX-License-Identifier: Apache-2.0
"""Everything with the buffer protocol that is no array of a known package: bytes, bytearray, array.array, memoryview,
ctypes arrays, mmap. The first three give their own kind back, the others a memoryview.
"""

from __future__ import annotations

import sys
from array import array as python_array
from typing import Any

from .. import _native
from ..errors import InvalidArgument
from .memory import ITEMSIZE, Memory, refuse_out

_FOREIGN_ORDER = ">!" if sys.byteorder == "little" else "<"


def read(array: Any) -> Memory:
    view = memoryview(array)
    dtype = _name(view)
    shape = tuple(view.shape or ())
    exporter = view if view.c_contiguous else view.tobytes(order="C")
    return Memory(exporter, dtype, shape, array)


def write(array: Any) -> Memory:
    view = memoryview(array)
    if view.readonly:
        raise refuse_out(f"the memory of the {type(array).__name__} is read-only")
    if not view.c_contiguous:
        raise refuse_out(f"the memory of the {type(array).__name__} is not C-contiguous")
    return Memory(view, _name(view), tuple(view.shape or ()), array)


def blank(like: Memory, shape: tuple[int, ...]) -> Memory:
    block = _native.blank(shape, like.dtype)
    return Memory(block, like.dtype, shape, block)


def result(like: Memory, filled: Memory) -> Any:
    view = memoryview(filled.owner)
    if isinstance(like.owner, python_array):
        made: Any = python_array(like.owner.typecode)
        made.frombytes(view.tobytes())
        return made
    if isinstance(like.owner, bytes):
        return bytes(view)
    return bytearray(view) if isinstance(like.owner, bytearray) else view


def _name(view: memoryview) -> str:
    """The dtype of a buffer from its struct format, by class and size: the C types' sizes differ between systems."""
    code = view.format.lstrip("@=<>!")
    if len(code) != 1 or view.format[0] in _FOREIGN_ORDER:
        raise InvalidArgument(f"a buffer of format {view.format!r} cannot be sent: it has to hold native numbers")
    if code == "?":
        return "bool"
    family = "float" if code in "efd" else "int" if code in "bhilqn" else "uint" if code in "BHILQNc" else ""
    name = f"{family}{8 * view.itemsize}"
    if name not in ITEMSIZE:
        raise InvalidArgument(f"a buffer of format {view.format!r} cannot be sent: it has to hold numbers")
    return name
