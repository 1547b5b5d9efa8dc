# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Facts and plans as JSON-safe dictionaries, and back.

Every dictionary carries ``"schema"``, so that a control machine never guesses
what an older or newer copy of the collection meant.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Dict, List, Mapping, Tuple, Type, TypeVar, Union, get_type_hints

from .errors import ParseError
from .model import FabricPlan, HostFacts, HostPlan, RdmaFacts

SCHEMA = 1

Noun = TypeVar("Noun")


def facts_to_dict(facts: HostFacts) -> Dict[str, Any]:
    """What ``thunderbolt_facts`` returns."""
    return _with_schema(facts)


def facts_from_dict(data: Mapping[str, Any]) -> HostFacts:
    """:raises ParseError: another schema, or a value that is missing or of the wrong type."""
    return _from_dict(HostFacts, data, "facts")


def rdma_to_dict(facts: RdmaFacts) -> Dict[str, Any]:
    """What ``rdma_facts`` returns."""
    return _with_schema(facts)


def rdma_from_dict(data: Mapping[str, Any]) -> RdmaFacts:
    """:raises ParseError: another schema, or a value that is missing or of the wrong type."""
    return _from_dict(RdmaFacts, data, "rdma facts")


def plan_to_dict(plan: FabricPlan) -> Dict[str, Any]:
    """What the planner hands to the hosts."""
    return _with_schema(plan)


def plan_from_dict(data: Mapping[str, Any]) -> FabricPlan:
    """:raises ParseError: another schema, or a value that is missing or of the wrong type."""
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
    if data.get("schema") != SCHEMA:
        raise ParseError(
            "{0}: schema {1!r} is not known".format(what, data.get("schema")),
            "this copy of boltloom.cluster reads schema {0}; use the same version everywhere".format(SCHEMA),
        )
    return _decode_noun(kind, data, what)


def _decode_noun(kind: Type[Noun], data: Mapping[str, Any], where: str) -> Noun:
    hints = get_type_hints(kind)
    values: Dict[str, Any] = {}
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        if field.name in data:
            values[field.name] = _decode(hints[field.name], data[field.name], "{0}.{1}".format(where, field.name))
        elif field.default is dataclasses.MISSING:
            raise ParseError("{0}: {1!r} is missing".format(where, field.name))
    return kind(**values)


def _decode(hint: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise _wrong(where, "a dictionary", value)
        return _decode_noun(hint, value, where)  # type: ignore[arg-type]
    origin = getattr(hint, "__origin__", None)
    if origin is tuple:
        return _decode_tuple(hint.__args__, value, where)
    if origin is Union:  # Optional[X] is the only union among the nouns
        return None if value is None else _decode(hint.__args__[0], value, where)
    if isinstance(value, bool) != (hint is bool) or not isinstance(value, hint):
        raise _wrong(where, hint.__name__, value)
    return value


def _decode_tuple(hints: Tuple[Any, ...], value: Any, where: str) -> Tuple[Any, ...]:
    if not isinstance(value, (list, tuple)):
        raise _wrong(where, "a list", value)
    item_hints: List[Any] = [hints[0]] * len(value) if hints[-1] is Ellipsis else list(hints)
    if len(item_hints) != len(value):
        raise _wrong(where, "a list of {0}".format(len(item_hints)), value)
    return tuple(
        _decode(hint, item, "{0}[{1}]".format(where, index))
        for index, (hint, item) in enumerate(zip(item_hints, value))
    )


def _wrong(where: str, expected: str, value: Any) -> ParseError:
    return ParseError("{0}: expected {1}, found {2!r:.60}".format(where, expected, value))
