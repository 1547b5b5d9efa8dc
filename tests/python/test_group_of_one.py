# SPDX-License-Identifier: Apache-2.0
"""A program that was started alone: the whole interface, and what every kind of array becomes, without a network."""

from __future__ import annotations

import ctypes
import inspect
import os
from array import array
from collections.abc import Iterator
from importlib.metadata import metadata
from typing import Any

import array_api_strict
import boltloom
import ml_dtypes
import mlx.core as mx
import numpy as np
import pytest

DTYPES = ["float16", "bfloat16", "float32", "float64", "bool"]
DTYPES += [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("BOLTLOOM_"):
            monkeypatch.delenv(name)


@pytest.fixture
def group() -> Iterator[boltloom.Group]:
    with boltloom.init() as group:
        yield group


def pytorch() -> Any:
    """Every worker of pytest reads this file, and importing PyTorch takes seconds."""
    import torch

    return torch


def made(value: Any) -> Any:
    """What is given, or what this function makes."""
    return value() if inspect.isfunction(value) else value


def numpy_array(values: list[Any], dtype: str) -> Any:
    return np.array(values, dtype=ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)


def mlx_array(values: list[Any], dtype: str) -> Any:
    # MLX has float64 on the CPU only, and would otherwise compute it on a GPU where there is one.
    return mx.array(np.array(values)).astype(getattr(mx, "bool_" if dtype == "bool" else dtype), stream=mx.cpu)


def torch_tensor(values: list[Any], dtype: str) -> Any:
    return pytorch().tensor(values).to(getattr(pytorch(), dtype))


MAKERS = {"numpy": numpy_array, "mlx": mlx_array, "torch": torch_tensor}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
class TestEveryKindAndDtype:
    VALUES = ([[0, 1, 2], [100, 3, 1]], [[], []], 7)

    @pytest.mark.parametrize("values", VALUES, ids=["matrix", "empty", "scalar"])
    def test_all_reduce_gives_the_same_kind_back(
        self, group: boltloom.Group, maker: Any, dtype: str, values: Any
    ) -> None:
        given = maker(values, dtype)
        got = group.all_reduce(given)
        assert got is not given
        assert type(got) is type(given)
        assert got.dtype == given.dtype
        assert tuple(got.shape) == tuple(given.shape)
        assert got.tolist() == given.tolist()

    def test_all_gather_adds_a_dimension(self, group: boltloom.Group, maker: Any, dtype: str) -> None:
        given = maker([[0, 1, 2], [100, 3, 1]], dtype)
        got = group.all_gather(given)
        assert type(got) is type(given)
        assert got.dtype == given.dtype
        assert tuple(got.shape) == (1, 2, 3)
        assert got.tolist() == [given.tolist()]

    def test_what_is_not_contiguous_is_copied(self, group: boltloom.Group, maker: Any, dtype: str) -> None:
        given = maker([[0, 1, 2], [100, 3, 1]], dtype).T
        assert group.all_reduce(given).tolist() == given.tolist()


def test_every_bfloat16_survives_unchanged(group: boltloom.Group) -> None:
    """All 65536 bit patterns but the NaNs: a way through float32 or float16 would lose some."""
    bits = np.arange(1 << 16, dtype=np.uint16)
    bits = bits[(bits & 0x7FFF) <= 0x7F80]
    from_mlx = group.all_reduce(mx.array(bits).view(mx.bfloat16)).view(mx.uint16)
    torch = pytorch()
    from_torch = group.all_reduce(torch.from_numpy(bits.copy()).view(torch.bfloat16)).view(torch.uint16)
    from_numpy = group.all_reduce(bits.view(ml_dtypes.bfloat16)).view(np.uint16)
    assert from_mlx.tolist() == from_torch.tolist() == from_numpy.tolist() == bits.tolist()


@pytest.mark.parametrize(
    ("given", "equal"),
    [
        (b"\x01\x02", b"\x01\x02"),
        (bytearray(b"\x01\x02"), bytearray(b"\x01\x02")),
        (array("d", [1.5, 2.5]), array("d", [1.5, 2.5])),
        (array("l", [-1]), array("l", [-1])),
        (memoryview(array("i", [1, 2, 3, 4])).cast("B").cast("i", [2, 2]), None),
        (memoryview(b"abcdef")[::2], None),
        ((ctypes.c_float * 2)(1.5, 2.5), None),
    ],
    ids=["bytes", "bytearray", "array of double", "array of long", "memoryview", "strided memoryview", "ctypes"],
)
def test_buffers(group: boltloom.Group, given: Any, equal: Any) -> None:
    got = group.all_reduce(given)
    if equal is None:  # kinds that cannot be made anew become a memoryview of the same shape
        assert isinstance(got, memoryview)
        assert got.tolist() == (given.tolist() if isinstance(given, memoryview) else list(given))
    else:
        assert type(got) is type(given)
        assert got == equal


class OnlyDlpack:
    """An array of a package that nobody has heard of."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()


def test_an_array_of_the_standard_comes_back_as_its_package_makes_it(group: boltloom.Group) -> None:
    given = array_api_strict.asarray([1.0, 2.0], dtype=array_api_strict.float32)
    got = group.all_reduce(given)
    assert type(got) is type(given)
    assert bool(array_api_strict.all(got == given))


def test_dlpack_without_a_package_comes_back_as_dlpack(group: boltloom.Group) -> None:
    torch = pytorch()
    got = group.all_reduce(OnlyDlpack(torch.tensor([1.5, 2.5], dtype=torch.bfloat16)))
    assert torch.from_dlpack(got).tolist() == [1.5, 2.5]


@pytest.mark.parametrize(
    "out",
    [
        np.zeros(3, np.float32),
        lambda: pytorch().zeros(3),
        array("f", [0, 0, 0]),
        memoryview(array("f", [0, 0, 0])),
        (ctypes.c_float * 3)(),
    ],
    ids=["numpy", "torch", "array", "memoryview", "ctypes"],
)
@pytest.mark.parametrize("source", [np.array([1, 2, 3], np.float32), mx.array([1.0, 2.0, 3.0])], ids=["numpy", "mlx"])
def test_out_may_be_of_another_kind(group: boltloom.Group, source: Any, out: Any) -> None:
    out = made(out)
    assert group.all_reduce(source, out=out) is out
    assert list(out) == [1, 2, 3]


def test_out_may_be_the_input(group: boltloom.Group) -> None:
    x = np.arange(5.0)
    assert group.all_reduce(x, out=x) is x
    assert x.tolist() == [0, 1, 2, 3, 4]


def test_dlpack_out(group: boltloom.Group) -> None:
    out = np.zeros(3)
    group.all_reduce(np.arange(3.0), out=OnlyDlpack(out))
    assert out.tolist() == [0, 1, 2]


def test_writing_into_a_tensor_tells_autograd(group: boltloom.Group) -> None:
    """Else backward() would compute with values that are gone."""
    hidden = pytorch().ones(2, requires_grad=True) * 2
    loss = (hidden**2).sum()
    group.all_reduce(hidden, out=hidden)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def read_only(array: Any) -> Any:
    array.flags.writeable = False
    return array


THREE = np.zeros(3)
REFUSED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "list": ([1, 2], {}, "list is not an array: pass a NumPy"),
    "number": (1.0, {}, "float is not an array"),
    "complex": (np.zeros(3, "c8"), {}, "arrays of complex64 cannot be sent: convert to one of float16"),
    "complex mlx": (mx.array([1j]), {}, "complex64 cannot be sent"),
    "complex torch": (lambda: pytorch().zeros(3, dtype=pytorch().complex64), {}, "complex64 cannot be sent"),
    "complex dlpack": (OnlyDlpack(np.zeros(3, "c8")), {}, "cannot be sent: convert"),
    "objects": (np.array([None]), {}, "arrays of object cannot be sent"),
    "text": (array("u", "ab"), {}, "cannot be sent: it has to hold"),
    "foreign byte order": (np.zeros(3, ">f4"), {}, r"use \.astype\(float32\)"),
    "masked": (np.ma.zeros(3), {}, "mask would be lost"),
    "other device": (lambda: pytorch().zeros(3, device="meta"), {}, r"on meta cannot be sent: move it with \.cpu\(\)"),
    "sparse": (lambda: pytorch().zeros(3).to_sparse(), {}, r"use \.to_dense\(\)"),
    "strided dlpack": (OnlyDlpack(np.zeros((2, 3)).T), {}, "not C-contiguous: pass a contiguous copy"),
    "unknown op": (THREE, {"op": "product"}, 'no op "product": use sum, min or max'),
    "read-only out": (THREE, {"out": read_only(np.zeros(3))}, "array is read-only; leave it away"),
    "read-only bytes out": (b"abc", {"out": b"abc"}, "memory of the bytes is read-only"),
    "strided out": (THREE, {"out": np.zeros(6)[::2]}, "not C-contiguous"),
    "mlx out": (THREE, {"out": mx.zeros(3)}, "an MLX array is a value"),
    "out of another dtype": (THREE, {"out": np.zeros(3, "f4")}, "out= is float32 and the result float64"),
    "out of another shape": (THREE, {"out": np.zeros(4)}, r"out= has shape \(4,\) and the result \(3,\)"),
    "partly overlapping out": (np.zeros(6)[:3], {}, "overlap"),
}


@pytest.mark.parametrize(("x", "more", "says"), REFUSED.values(), ids=REFUSED)
def test_wrong_arguments_are_one_line_and_leave_the_group_usable(
    group: boltloom.Group, x: Any, more: dict[str, Any], says: str
) -> None:
    x = made(x)
    if says == "overlap":
        more = {"out": x.base[1:4]}
    with pytest.raises(boltloom.InvalidArgument, match=says) as caught:
        group.all_reduce(x, **more)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, ValueError)
    assert group.all_reduce(THREE).tolist() == [0, 0, 0]


def test_who_we_are(group: boltloom.Group) -> None:
    assert (group.rank, group.size, group.local_rank, group.local_size) == (0, 1, 0, 1)
    assert len(group.hosts) == 1
    assert repr(group) == f"<boltloom.Group rank 0 of 1 on {group.hosts[0]}, {group.backend}>"
    group.barrier()


def test_nobody_to_send_to(group: boltloom.Group) -> None:
    with pytest.raises(boltloom.InvalidArgument):
        group.send(THREE, 1)
    with pytest.raises(boltloom.InvalidArgument):
        group.recv(THREE, 1)


def test_a_closed_group_says_so() -> None:
    with boltloom.init() as group:
        pass
    group.close()
    for call in (group.barrier, lambda: group.all_reduce(THREE)):
        with pytest.raises(boltloom.InvalidArgument, match="this group is closed"):
            call()
    assert group.rank == 0


def test_version_is_that_of_the_distribution() -> None:
    assert boltloom.__version__ == metadata("boltloom")["Version"]


def test_half_an_environment_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOLTLOOM_RANK", "0")
    with pytest.raises(boltloom.InvalidArgument, match="BOLTLOOM_WORLD_SIZE"):
        boltloom.init()


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
def test_a_timeout_has_to_be_a_positive_number(timeout: float) -> None:
    with pytest.raises(boltloom.InvalidArgument, match="timeout"):
        boltloom.init(timeout=timeout)


def test_unknown_backend() -> None:
    with pytest.raises(boltloom.Error, match="pigeon"):
        boltloom.init(backend="pigeon")
