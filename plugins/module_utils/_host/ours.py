# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""What this collection itself knows of the host: what it configured, what is unfinished, and how it is connected."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import Callable, List, Mapping, Optional, Tuple, TypeVar

from .._fabric.diff_linux import named_as_now
from .._fabric.errors import BoltloomError
from .._fabric.model import HostFacts, WantPort
from . import journal, state
from .commands import Run
from .state import State

Noun = TypeVar("Noun")


def with_ours(facts: HostFacts, run: Run, root: str, environment: Optional[Mapping[str, str]] = None) -> HostFacts:
    """The facts with what is ours. A damaged file of ours is a warning: looking at the cables needs none of them."""
    place = State(facts.system, root)
    warnings: List[str] = []

    def attempt(read: Callable[[], Noun], otherwise: Noun) -> Noun:
        try:
            return read()
        except BoltloomError as error:
            warnings.append(error.one_line())
            return otherwise

    nothing: Tuple[WantPort, ...] = ()
    applied = attempt(lambda: state.read_applied(place), nothing)
    if facts.system == "linux":
        applied = named_as_now(applied, facts.ports)
    unfinished = attempt(lambda: journal.unfinished(place), "")
    outcome = attempt(lambda: state.read_outcome(place), "")
    return replace(
        facts,
        applied=applied,
        unfinished=unfinished,
        ssh_address=ssh_address(
            os.environ if environment is None else environment, lambda: _interfaces(facts.system, run)
        ),
        warnings=facts.warnings + tuple(warnings) + ((outcome,) if outcome else ()),
    )


def ssh_address(environment: Mapping[str, str], interfaces: Callable[[], str]) -> str:
    """This host's own end of the ssh connection ("client port server port"), "" if there is none.

    An IPv6 address gets the interface that has it: "fe80::1%en5". ``interfaces`` gives all of them as the system shows
    them, and is asked only then.
    """
    fields = environment.get("SSH_CONNECTION", "").split()
    if len(fields) != 4:
        return ""
    address = fields[2]
    if ":" not in address or "%" in address or address.lower().startswith("::ffff:"):
        return address
    return "{0}%{1}".format(address, interface_of(address, interfaces())).rstrip("%")


def interface_of(address: str, text: str) -> str:
    """The interface that has an IPv6 address, in what ``ifconfig`` or ``ip address`` printed; "" if none has."""
    device = ""
    for line in text.split("\n"):
        head = re.match(r"(?:\d+: )?([\w.-]+)(?:@[\w.-]+)?:", line)
        if head:
            device = head.group(1)
        words = line.split()
        if words[:1] == ["inet6"] and len(words) > 1 and re.split("[%/]", words[1])[0] == address:
            return device
    return ""


def _interfaces(system: str, run: Run) -> str:
    return run(["/sbin/ifconfig"] if system == "macos" else ["ip", "address"]).stdout
