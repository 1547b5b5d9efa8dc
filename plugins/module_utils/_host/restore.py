# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Brings back what was on a host before: before our first change, or before a change that nobody confirmed."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Tuple

from .._fabric.errors import BoltloomError
from .._fabric.lifeline import SWITCH, carriers
from . import interrupts, lock, whole_file
from . import journal as journals
from .apply import System, bring_back
from .commands import HostError, Run
from .commands import run as run_here
from .configure import Outcome, Terms, require_over
from .journal import Before
from .probe import read_facts
from .rdma_holders import require_idle
from .state import State
from .system import system_of
from .systems import SYSTEMS
from .target import Target


@dataclass(frozen=True)
class Reach:
    """How this host is reached, and whether that may be taken apart."""

    addresses: Tuple[str, ...] = ()
    allow_cutting: bool = False


def restore(
    everything: bool,
    check_mode: bool,
    run: Run = run_here,
    root: str = "/",
    terms: Terms = Terms(),  # noqa: B008 (it is frozen)
    reach: Reach = Reach(),
) -> Outcome:
    """Bring back what was before our first change, or else only before the one that is not confirmed.

    :raises BoltloomError: it cannot be done, or not all of it could; the way back stays on the host.
    """
    target = Target(run, root)
    place = State(system_of(root), root)
    if check_mode or os.geteuid() != 0:
        outcome, values = _compare(everything, target, place, terms, reach)
        if values and not check_mode:
            raise HostError("root is needed to restore this host", "run the task with become")
        return outcome
    try:
        with lock.held(place, terms.owner), interrupts.raised():
            outcome, values = _compare(everything, target, place, terms, reach)
            if values:
                _write(everything, values, target, place, terms.settle)
            return outcome
    except interrupts.Interrupted as interrupt:
        raise HostError("stopped by {0}".format(interrupt), "the way back is still on the host: run it again") from None


def _compare(
    everything: bool, target: Target, place: State, terms: Terms, reach: Reach
) -> Tuple[Outcome, Dict[str, Any]]:
    """What is to be done, and all the values from before. :raises HostError: it would cut the connection."""
    values = _values(everything, place, terms)
    if not values:
        return Outcome((), "", "", "", ("there is nothing to restore on this host",)), {}
    now = _system(target).differing(values, target)
    if now:
        _refuse(target, reach)
    steps = tuple("bring back {0}".format(_words(thing)) for thing in reversed(list(now)))
    return Outcome(steps, _text(now), _text({thing: values[thing] for thing in now})), values


def _values(everything: bool, place: State, terms: Terms) -> Dict[str, Any]:
    journal = journals.read(place)
    if journal is not None:
        require_over(place, journal, terms)
    origin = journals.read_origin(place) if everything else None
    values: Dict[str, Any] = dict(origin.before) if origin else {}
    for thing, value in (journal.before if journal else {}).items():
        values.setdefault(thing, value)
    return values


def _write(everything: bool, values: Before, target: Target, place: State, settle: float) -> None:
    left = bring_back(values, _system(target), target, settle)
    if left:
        raise HostError(
            "not everything could be brought back: {0}".format("; ".join(left)),
            "run it again when the cause is gone; the way back is still on the host",
        )
    journals.close(place)
    whole_file.remove(place.outcome)
    if everything:
        whole_file.remove(place.origin)


def _system(target: Target) -> System:
    return SYSTEMS[system_of(target.root)]


def _refuse(target: Target, reach: Reach) -> None:
    """What brings a bridge back takes its ports' addresses away, and the GID tables of their RDMA devices change."""
    try:
        facts = read_facts(target.run, target.root)
    except BoltloomError as error:
        if reach.allow_cutting:
            return
        raise HostError(
            "nobody can tell whether restoring cuts the connection to this host ({0})".format(error.one_line()),
            "set {0}=true to restore all the same".format(SWITCH),
        ) from error
    ports = {port.device for port in facts.ports if port.device}
    require_idle(facts.system, ports, target)
    carried = carriers(facts, ports | {bridge.device for bridge in facts.bridges}, reach.addresses)
    if carried and not reach.allow_cutting:
        raise HostError(
            "this host is reached at {0}, which goes over Thunderbolt: restoring would cut it off".format(carried),
            "reach it over Ethernet or Wi-Fi, or set {0}=true".format(SWITCH),
        )


def _words(thing: str) -> str:
    kind, _colon, name = thing.partition(":")
    return "{0} {1}".format(_KINDS.get(kind, kind), name).strip()


_KINDS = {
    "service": "network service",
    "order": "the order of the network services",
    "bridge": "the running bridge",
    "configured": "in the preferences the bridge",
    "addresses": "the addresses of",
    "interface": "the interface",
    "noted": "the note of the configured",
}


def _text(values: Mapping[str, Any]) -> str:
    lines: List[str] = []
    for thing, value in values.items():
        shown = "not there" if value is None else json.dumps(value, sort_keys=True, ensure_ascii=False)
        lines.append("{0}: {1}\n".format(_words(thing), shown))
    return "".join(lines)
