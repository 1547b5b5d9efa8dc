# SPDX-License-Identifier: Apache-2.0
"""Our NamedTuple does what the library's does, and keeps two kinds apart."""

from __future__ import annotations

import copy
import pickle
import typing
from typing import Any

import pytest
from boltloom_launcher.agent.named_tuple import NamedTuple


class Ours(NamedTuple):
    """One."""

    first: int
    second: str = "b"
    third: tuple[int, ...] = ()

    @property
    def twice(self) -> int:
        return 2 * self.first


class Theirs(typing.NamedTuple):
    """One of the library's."""

    first: int
    second: str = "b"
    third: tuple[int, ...] = ()


class Other(NamedTuple):
    """With the same values."""

    first: int
    second: str = "b"
    third: tuple[int, ...] = ()


@pytest.mark.parametrize(
    ("values", "named"),
    [((1,), {}), ((1, "x"), {}), ((1, "x", (2,)), {}), ((), {"first": 1}), ((1,), {"third": (3,)}), ((0,), {})],
)
def test_it_is_made_as_the_library_s(values: tuple[Any, ...], named: dict[str, Any]) -> None:
    ours, theirs = Ours(*values, **named), Theirs(*values, **named)
    assert tuple(ours) == tuple(theirs) and ours._fields == theirs._fields and ours._asdict() == theirs._asdict()
    assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
    assert ours._replace(second="z") == Ours(*theirs._replace(second="z"))
    assert hash(ours) == hash(theirs)


@pytest.mark.parametrize(
    ("values", "named"),
    [((), {}), ((1, "x", (), 4), {}), ((1,), {"first": 2}), ((1,), {"fourth": 2}), ((1, "x", ()), {"fourth": 2})],
)
def test_what_the_library_refuses_is_refused(values: tuple[Any, ...], named: dict[str, Any]) -> None:
    for kind in (Ours, Theirs):
        with pytest.raises(TypeError):
            kind(*values, **named)


def test_its_fields_cannot_be_changed_and_it_has_no_others() -> None:
    one: Any = Ours(1)
    for name in ("first", "fourth"):
        with pytest.raises(AttributeError):
            setattr(one, name, 2)
    assert (one.first, one.twice) == (1, 2)


def test_another_kind_is_another_value() -> None:
    one: Any = Ours(1)
    assert one == Ours(1) and one == (1, "b", ()) and one != Ours(2)
    assert one != Other(1) and one not in [Other(1)]


def test_it_can_be_copied() -> None:
    one = Ours(1, "x")
    for twin in (copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert twin == one and type(twin) is Ours
