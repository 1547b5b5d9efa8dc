# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Facts and plans as JSON-safe dictionaries, and back.

Every dictionary carries ``"schema"``, so that a control machine never guesses
what an older or newer copy of the collection meant. ``doors.py`` says what the values must look like.
"""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from typing import Any, Dict, List, Mapping, Optional, Tuple, Type, TypeVar, Union, get_type_hints

from .doors import DOORS, Door
from .errors import ParseError
from .model import FabricPlan, HostFacts, HostPlan, RdmaFacts
from .reading import shown, whole_characters

SCHEMA = 1
_LONGEST_TEXT = 1 << 20

Noun = TypeVar("Noun")


def facts_to_dict(facts: HostFacts) -> Dict[str, Any]:
    """What ``thunderbolt_facts`` returns."""
    return _with_schema(facts)


def facts_from_dict(data: Mapping[str, Any]) -> HostFacts:
    """:raises ParseError: another schema, or a value that is missing, of the wrong type, or none at all."""
    return _from_dict(HostFacts, data, "facts")


def rdma_to_dict(facts: RdmaFacts) -> Dict[str, Any]:
    """What ``rdma_facts`` returns."""
    return _with_schema(facts)


def rdma_from_dict(data: Mapping[str, Any]) -> RdmaFacts:
    """:raises ParseError: another schema, or a value that is missing, of the wrong type, or none at all."""
    return _from_dict(RdmaFacts, data, "rdma facts")


def plan_to_dict(plan: FabricPlan) -> Dict[str, Any]:
    """What the planner hands to the hosts."""
    return _with_schema(plan)


def plan_from_dict(data: Mapping[str, Any]) -> FabricPlan:
    """:raises ParseError: another schema, or a value that is missing, of the wrong type, or none at all."""
    return _from_dict(FabricPlan, data, "plan")


def host_plan_to_dict(plan: HostPlan) -> Dict[str, Any]:
    """What a host keeps of the plan that was applied to it."""
    return _with_schema(plan)


def host_plan_from_dict(data: Mapping[str, Any]) -> HostPlan:
    """:raises ParseError: another schema, or a value that is missing or of the wrong type."""
    return _from_dict(HostPlan, data, "ports as applied")


def _with_schema(noun: Any) -> Dict[str, Any]:
    encoded: Dict[str, Any] = {"schema": SCHEMA}
    encoded.update(_encode(noun))
    return encoded


def _encode(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {field.name: _encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_encode(item) for item in value]
    return value


def _from_dict(kind: Type[Noun], data: Mapping[str, Any], what: str) -> Noun:
    if not isinstance(data, Mapping):
        raise ParseError("{0}: expected a dictionary, found {1}".format(what, type(data).__name__))
    schema = data.get("schema")
    if isinstance(schema, bool) or not isinstance(schema, int) or schema != SCHEMA:
        raise ParseError(
            "{0}: schema {1} is not known".format(what, shown(schema)),
            "this copy of boltloom.cluster reads schema {0}; use the same version everywhere".format(SCHEMA),
        )
    return _decode_noun(kind, data, (None, what))


# Where a value stands, innermost last: (what it stands in, its name or index). Written out only for an error.
Place = Tuple[Any, Union[str, int]]


@lru_cache(maxsize=None)
def _fields(kind: Any) -> List[Tuple[str, Any, bool, Optional[Door]]]:
    """(name, type, whether it must be there, what its value must look like) of each field."""
    hints = get_type_hints(kind)
    doors = DOORS.get(kind, {})
    return [
        (field.name, hints[field.name], field.default is dataclasses.MISSING, doors.get(field.name))
        for field in dataclasses.fields(kind)
    ]


def _decode_noun(kind: Type[Noun], data: Mapping[str, Any], place: Place) -> Noun:
    values: Dict[str, Any] = {}
    for name, hint, required, door in _fields(kind):  # type: ignore[arg-type]
        if name in data:
            values[name] = _decode(hint, data[name], (place, name))
            if door is not None:
                _pass(door, values[name], (place, name))
        elif required:
            raise ParseError("{0}: {1!r} is missing".format(_where(place), name))
    return kind(**values)


def _pass(door: Door, value: Any, place: Place) -> None:
    """Each item of a list goes through the door by itself."""
    for index, item in enumerate(value) if isinstance(value, tuple) else [(-1, value)]:
        if not door.opens(item):
            raise _wrong((place, index) if index >= 0 else place, door.expected, item)


def _decode(hint: Any, value: Any, place: Place) -> Any:
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise _wrong(place, "a dictionary", value)
        return _decode_noun(hint, value, place)  # type: ignore[arg-type]
    origin = getattr(hint, "__origin__", None)
    if origin is tuple:
        return _decode_tuple(hint.__args__, value, place)
    if origin is Union:  # Optional[X] is the only union among the nouns
        return None if value is None else _decode(hint.__args__[0], value, place)
    if isinstance(value, bool) != (hint is bool) or not isinstance(value, hint):
        raise _wrong(place, hint.__name__, value)
    if not _fits(value):
        raise _wrong(place, "a text" if hint is str else "a number of 64 bits", value)
    return value


def _fits(value: Any) -> bool:
    """Whether it can be written out again: text of whole characters, a number of 64 bits."""
    if isinstance(value, str):
        return len(value) <= _LONGEST_TEXT and whole_characters(value) == value
    return not isinstance(value, int) or abs(value) < 1 << 63


def _decode_tuple(hints: Tuple[Any, ...], value: Any, place: Place) -> Tuple[Any, ...]:
    if not isinstance(value, (list, tuple)):
        raise _wrong(place, "a list", value)
    item_hints: List[Any] = [hints[0]] * len(value) if hints[-1] is Ellipsis else list(hints)
    if len(item_hints) != len(value):
        raise _wrong(place, "a list of {0}".format(len(item_hints)), value)
    return tuple(_decode(hint, item, (place, index)) for index, (hint, item) in enumerate(zip(item_hints, value)))


def _where(place: Place) -> str:
    """The place in full: facts.ports[2].addresses[0]."""
    outer, name = place
    if outer is None:
        return str(name)
    return "{0}[{1}]".format(_where(outer), name) if isinstance(name, int) else "{0}.{1}".format(_where(outer), name)


def _wrong(place: Place, expected: str, value: Any) -> ParseError:
    return ParseError("{0}: expected {1}, found {2}".format(_where(place), expected, shown(value)))
