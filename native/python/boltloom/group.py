# SPDX-License-Identifier: Apache-2.0
"""The group of ranks: what a program calls."""

from __future__ import annotations

import atexit
import weakref
from math import prod
from types import TracebackType
from typing import Literal, TypeVar, overload

from . import _native
from ._arrays.kinds import kind_of
from ._arrays.memory import Memory
from .errors import InvalidArgument

Array = TypeVar("Array")
Out = TypeVar("Out")
Op = Literal["sum", "min", "max"]


_open: weakref.WeakSet[Group] = weakref.WeakSet()


@atexit.register
def _leave_all() -> None:
    """A program that just ends leaves in order: its last collective may still be under way on a slower rank, which
    would otherwise take the end of the process for a death."""
    for group in list(_open):
        group.close()


def init(backend: str | None = None, timeout: float | None = None) -> Group:
    """Join the group that the launcher describes in the environment; without one, be a group of one.

    Every rank has to call it. It returns when all ranks have met.

    Args:
        backend: how the ranks talk, such as "ring". None: what the launcher says (BOLTLOOM_BACKEND).
        timeout: seconds that any single operation may take, this one included. None: BOLTLOOM_TIMEOUT.

    Raises:
        InvalidArgument: the environment is incomplete or wrong; the message names the variable.
        Unavailable: there is no such backend, or an address is not to be had on this computer.
        PeerFailed, TimedOut: not all ranks came; the message names who is missing.
    """
    return Group(_native.Group(backend, timeout))


class Group:
    """The ranks of this run. Made by `init`; a context manager that closes itself.

    Attributes: `rank` and `size`; `local_rank` and `local_size`, the same among the ranks on this host; `backend`;
    `hosts`, the name of each rank's host.

    Arrays may be NumPy arrays, MLX arrays, PyTorch tensors on the CPU, or anything with the buffer protocol
    (bytearray, array.array, memoryview, ...) or DLPack. What comes back is of the same kind, shape and dtype. Dtypes:
    float16, bfloat16, float32, float64, int8 to int64, uint8 to uint64. An array that is not C-contiguous is copied
    first; memory for `out` has to be writable and C-contiguous.

    All ranks have to call the same operations in the same order with the same shape and dtype. After PeerFailed,
    TimedOut or Aborted the group is lost, and each later call raises the first cause at once.
    """

    def __init__(self, native: _native.Group) -> None:
        self._native = native
        self.rank: int = native.rank
        self.size: int = native.size
        self.local_rank: int = native.local_rank
        self.local_size: int = native.local_size
        self.backend: str = native.backend
        self.hosts: tuple[str, ...] = tuple(native.hosts)
        _open.add(self)

    @overload
    def all_reduce(self, x: Array, op: Op = "sum") -> Array: ...
    @overload
    def all_reduce(self, x: object, op: Op = "sum", *, out: Out) -> Out: ...
    def all_reduce(self, x: object, op: Op = "sum", *, out: object = None) -> object:
        """Combine `x` of all ranks element by element; every rank gets the same result.

        Args:
            x: an array; the same shape and dtype on every rank.
            op: "sum", "min" or "max". Integer sums wrap around; a NaN wins in min and max.
            out: where to put the result; may be `x` itself. None: a new array.

        Returns:
            The result, with the shape and dtype of `x`; it is `out` where that was given.

        Raises:
            InvalidArgument: an array cannot be sent, or the ranks disagree about shape, dtype or op.
            PeerFailed, TimedOut, Aborted: see the class.
        """
        source = kind_of(x).read(x)
        target = _target(source, out, source.shape)
        self._native.all_reduce(source.exporter, target.exporter, source.dtype, op)
        return _finish(source, target, out)

    @overload
    def all_gather(self, x: Array) -> Array: ...
    @overload
    def all_gather(self, x: object, *, out: Out) -> Out: ...
    def all_gather(self, x: object, *, out: object = None) -> object:
        """Collect `x` of all ranks, in the order of ranks, on every rank.

        Returns:
            An array of shape (size, *x.shape). For kinds without a shape (bytes, bytearray, array.array): one after
            the other.

        Raises:
            InvalidArgument, PeerFailed, TimedOut, Aborted: as `all_reduce`.
        """
        source = kind_of(x).read(x)
        target = _target(source, out, (self.size, *source.shape))
        self._native.all_gather(source.exporter, target.exporter, source.dtype)
        return _finish(source, target, out)

    def send(self, x: object, dst: int) -> None:
        """Send `x` to rank `dst`, which has to call `recv` with the same shape and dtype.

        In a ring only to a neighbour: rank - 1 or rank + 1. Returns when `x` may be changed again.

        Raises:
            InvalidArgument: an array cannot be sent, or `dst` is no neighbour; the message names them.
            PeerFailed, TimedOut, Aborted: see the class.
        """
        source = kind_of(x).read(x)
        self._native.send(source.exporter, source.dtype, dst)

    @overload
    def recv(self, like: Array, src: int) -> Array: ...
    @overload
    def recv(self, like: object, src: int, *, out: Out) -> Out: ...
    def recv(self, like: object, src: int, *, out: object = None) -> object:
        """Receive an array from rank `src`, which has to call `send`.

        Args:
            like: an array that has the kind, shape and dtype of what will arrive; it is not changed.
            src: the sending rank; in a ring a neighbour.
            out: where to put it; may be `like` itself. None: a new array.

        Raises:
            InvalidArgument: `src` is no neighbour, or it sent another dtype or number of elements.
            PeerFailed, TimedOut, Aborted: see the class.
        """
        source = kind_of(like).read(like)
        target = _target(source, out, source.shape)
        self._native.recv(target.exporter, source.dtype, src)
        return _finish(source, target, out)

    def barrier(self) -> None:
        """Return when all ranks have called it. Raises PeerFailed, TimedOut, Aborted."""
        self._native.barrier()

    def close(self) -> None:
        """Leave the group in order; the others are told if they still wait for this rank. May be called twice."""
        self._native.close()

    def __enter__(self) -> Group:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<boltloom.Group rank {self.rank} of {self.size} on {self.hosts[self.rank]}, {self.backend}>"


def _target(source: Memory, out: object, shape: tuple[int, ...]) -> Memory:
    """The memory for the result: new, or that of `out` after a check that the result fits."""
    if out is None:
        return kind_of(source.owner).blank(source, shape)
    target = kind_of(out).write(out)
    if target.dtype != source.dtype:
        raise InvalidArgument(f"out= is {target.dtype} and the result {source.dtype}: they have to be the same")
    if target.shape not in (shape, (prod(shape),)):  # kinds without a shape are taken as they are
        raise InvalidArgument(f"out= has shape {target.shape} and the result {shape}: they have to be the same")
    return target


def _finish(source: Memory, target: Memory, out: object) -> object:
    """What the caller gets: `out` itself, or the array that `_target` made."""
    return kind_of(source.owner).result(source, target) if out is None else out
