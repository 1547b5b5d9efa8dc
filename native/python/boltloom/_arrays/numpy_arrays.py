# SPDX-License-Identifier: Apache-2.0
"""NumPy arrays and scalars; bfloat16 comes from the package ml_dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import InvalidArgument
from .memory import Memory, checked_dtype, refuse_out

_dtype_names: dict[Any, str] = {}  # NumPy makes the name anew at each look: too slow for small messages


def read(array: Any) -> Memory:
    if not isinstance(array, np.ndarray):  # a scalar such as numpy.float32(3)
        array = np.asarray(array)
    if isinstance(array, np.ma.MaskedArray):
        raise InvalidArgument("a masked array cannot be sent, its mask would be lost: use .filled(value)")
    dtype = _name(array.dtype)
    if not array.flags.c_contiguous:
        array = array.copy(order="C")
    return Memory(_exporter(array, dtype), dtype, array.shape, array)


def write(array: Any) -> Memory:
    if not isinstance(array, np.ndarray):
        raise refuse_out("a NumPy scalar is a value")
    if not array.flags.writeable:
        raise refuse_out("the NumPy array is read-only")
    if not array.flags.c_contiguous:
        raise refuse_out("the NumPy array is not C-contiguous")
    dtype = _name(array.dtype)
    return Memory(_exporter(array, dtype), dtype, array.shape, array)


def blank(like: Memory, shape: tuple[int, ...]) -> Memory:
    array = np.empty(shape, dtype=like.owner.dtype)
    return Memory(_exporter(array, like.dtype), like.dtype, shape, array)


def result(like: Memory, filled: Memory) -> Any:
    return filled.owner


def _exporter(array: Any, dtype: str) -> Any:
    """NumPy exports bfloat16 neither as a buffer nor by DLPack, but the same bits as integers."""
    return array.view(np.uint16) if dtype == "bfloat16" else array


def _name(dtype: Any) -> str:
    name = _dtype_names.get(dtype)
    if name is None:
        if not dtype.isnative:
            raise InvalidArgument(
                f"a NumPy array of foreign byte order ({dtype}) cannot be sent: use .astype({dtype.newbyteorder('=')})"
            )
        name = _dtype_names[dtype] = checked_dtype(dtype.name)
    return name
