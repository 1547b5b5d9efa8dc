# SPDX-License-Identifier: Apache-2.0
"""The one form in which arrays of all kinds reach the extension, and what a kind of array has to offer."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from ..errors import InvalidArgument

ITEMSIZE = {
    "float16": 2,
    "bfloat16": 2,
    "float32": 4,
    "float64": 8,
    "int8": 1,
    "int16": 2,
    "int32": 4,
    "int64": 8,
    "uint8": 1,
    "uint16": 2,
    "uint32": 4,
    "uint64": 8,
    "bool": 1,
}


class Memory(NamedTuple):
    """A contiguous piece of CPU memory and the array that it belongs to."""

    exporter: Any  # what the extension opens, by the buffer protocol or DLPack; its own element type is ignored
    dtype: str  # a key of ITEMSIZE
    shape: tuple[int, ...]
    owner: Any  # the array itself: keeps the memory alive, and is what the caller gets back


class Kind(Protocol):
    """A kind of array: how to get at the memory of one and how to make one."""

    def read(self, array: Any) -> Memory:
        """The memory of `array`, or of a contiguous copy. Raises InvalidArgument when it cannot be sent."""

    def write(self, array: Any) -> Memory:
        """The memory of `array` to write into, never a copy. Raises InvalidArgument when that cannot be done."""

    def blank(self, like: Memory, shape: tuple[int, ...]) -> Memory:
        """Uninitialised memory of `shape` with the dtype of `like`."""

    def result(self, like: Memory, filled: Memory) -> Any:
        """The array over memory that `blank` made and that has been filled since."""


def checked_dtype(name: str) -> str:
    """`name` if it is one that we can send; InvalidArgument otherwise."""
    if name not in ITEMSIZE:
        raise InvalidArgument(f"arrays of {name} cannot be sent: convert to one of {', '.join(ITEMSIZE)}")
    return name


def refuse_out(reason: str) -> InvalidArgument:
    """The error for an `out=` that cannot be written to."""
    return InvalidArgument(f"out= cannot be used: {reason}; leave it away to get a new array")
