# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The steps of a host as the commands that a person types, for whoever lets no program use sudo.

The same steps that ``_host`` performs; what it does inside a file, PlistBuddy does here.
"""

from __future__ import annotations

import shlex
from typing import Callable, List, Mapping, Sequence, Tuple

from . import steps as kinds
from .errors import TopologyError
from .facts import MACOS_PREFERENCES_FILE
from .linux.keep import MODES, manager_of
from .linux.managers import NETWORKD, NETWORKMANAGER
from .steps import Step

Argv = Tuple[str, ...]

_BRIDGES = ":VirtualNetworkInterfaces:Bridge:"


def lines_by_hand(steps: Sequence[Step], system: str) -> Tuple[str, ...]:
    """All steps as lines for a shell, in the order in which they are to be typed."""
    lines: List[str] = []
    for step in steps:
        if step.kind in _REMARKS:
            lines.append(_REMARKS[step.kind].format(_word(step.service), _word(step.behind)))
        lines.extend(" ".join(map(_word, argv)) for argv in commands_of(step, system))
    return tuple(lines)


def commands_of(step: Step, system: str) -> Tuple[Argv, ...]:
    """The commands that do one step. :raises TopologyError: no command of this system does it."""
    table = _MACOS if system == "macos" else _LINUX
    if step.kind not in table:
        raise TopologyError("nobody knows how to {0} on {1} by hand".format(step.describe(), system))
    return tuple(("sudo",) + argv for argv in table[step.kind](step))


def _word(text: str) -> str:
    """One word for a shell. A control character would act on the terminal; sh of macOS and Linux read $'...' for it."""
    if text.isprintable():
        return shlex.quote(text)
    spelled = "".join(
        letter if letter.isprintable() and letter not in "\\'" else _octal(letter)  # "'" and "\" end or escape
        for letter in text
    )
    return "$'{0}'".format(spelled)


def _octal(letter: str) -> str:
    return "".join("\\{0:03o}".format(byte) for byte in letter.encode("utf-8", "surrogateescape"))


def _networksetup(*arguments: str) -> List[Argv]:
    return [("networksetup",) + arguments]


def _ifconfig(*arguments: str) -> List[Argv]:
    return [("ifconfig",) + arguments]


def _preferences(*edits: str) -> List[Argv]:
    words = [word for edit in edits for word in ("-c", edit)]
    return [("/usr/libexec/PlistBuddy",) + tuple(words) + (MACOS_PREFERENCES_FILE,)]


def _members(step: Step) -> List[Argv]:
    place = _BRIDGES + step.bridge + ":Interfaces"
    added = ["Add {0}:{1} string {2}".format(place, index, device) for index, device in enumerate(step.members)]
    return _preferences("Delete " + place, "Add {0} array".format(place), *added)


def _ip(*arguments: str) -> Argv:
    return ("ip",) + arguments


def _cidr(step: Step) -> str:
    return "{0}/{1}".format(step.address, step.prefix)


def _reload(step: Step) -> List[Argv]:
    told: Mapping[str, List[Argv]] = {
        NETWORKMANAGER: [("nmcli", "connection", "reload")],
        NETWORKD: [("networkctl", "reload")],
    }
    return told.get(manager_of(step.path) or "", [])


def _write(step: Step) -> List[Argv]:
    mode = "{0:o}".format(MODES.get(manager_of(step.path) or "", 0o644))
    script = 'printf %s "$0" > "$1" && chmod "$2" "$1"'
    return [("sh", "-c", script, step.text, step.path, mode), *_reload(step)]


def _activate(step: Step) -> List[Argv]:
    if manager_of(step.path) == NETWORKD:
        return [("networkctl", "reconfigure", step.device)]
    return [("nmcli", "connection", "up", "uuid", step.connection, "ifname", step.device)]


def _create(step: Step) -> List[Argv]:
    return _networksetup("-createnetworkservice", step.service, step.port) + _networksetup(
        "-setv6LinkLocal", step.service
    )


def _nothing(step: Step) -> List[Argv]:
    return []


# What no single command does: the order has to name all services of the host.
_REMARKS: Mapping[str, str] = {
    kinds.PLACE_SERVICE: "# System Settings > Network > ... > Set Service Order: drag {0} before {1}",
}
_MACOS: Mapping[str, Callable[[Step], List[Argv]]] = {
    kinds.DISABLE_BRIDGE_SERVICE: lambda step: _networksetup("-setnetworkserviceenabled", step.service, "off"),
    kinds.RELEASE_PORT_FROM_BRIDGE: lambda step: _ifconfig(step.bridge, "deletem", step.device),
    kinds.DESTROY_BRIDGE: lambda step: _ifconfig(step.bridge, "destroy"),
    kinds.FORGET_BRIDGE: lambda step: _preferences("Delete " + _BRIDGES + step.bridge),
    kinds.SET_BRIDGE_MEMBERS: _members,
    kinds.CREATE_SERVICE: _create,
    kinds.REMOVE_SERVICE: lambda step: _networksetup("-removenetworkservice", step.service),
    kinds.PLACE_SERVICE: _nothing,
    kinds.NOTE_PORTS: _nothing,  # the note is for our own next run
    kinds.REMOVE_ADDRESS: lambda step: _ifconfig(step.device, "inet", step.address, "-alias"),
    # The empty router keeps the cable from becoming anybody's way to the Internet.
    kinds.SET_MANUAL: lambda step: _networksetup("-setmanual", step.service, step.address, step.netmask, ""),
    kinds.ENABLE_SERVICE: lambda step: _networksetup("-setnetworkserviceenabled", step.service, "on"),
}
_LINUX: Mapping[str, Callable[[Step], List[Argv]]] = {
    kinds.RELEASE_PORT_FROM_BRIDGE: lambda step: [_ip("link", "set", "dev", step.device, "nomaster")],
    kinds.REMOVE_ADDRESS: lambda step: [_ip("address", "delete", _cidr(step), "dev", step.device)],
    kinds.ADD_ADDRESS: lambda step: [
        _ip("address", "add", _cidr(step), "dev", step.device),
        _ip("link", "set", "dev", step.device, "up"),
    ],
    kinds.WRITE_CONFIG: _write,
    kinds.REMOVE_CONFIG: lambda step: [("rm", step.path), *_reload(step)],
    kinds.ACTIVATE_CONFIG: _activate,
    kinds.NOTE_PORTS: _nothing,
}
