# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Who configures the network of a Linux host, and what it applies to an interface now.

NetworkManager tells by ``nmcli``, systemd-networkd by its files below ``/run/systemd/netif/links``
(``networkctl`` prints the same for people). Both may run on one host; what counts is who has the
Thunderbolt ports. Where neither has them, or wants them, a rule of udev can still keep an address.
"""

from __future__ import annotations

import re
from typing import Collection, Dict, List, Mapping, Tuple

from ..reading import lines

NETWORKMANAGER = "networkmanager"
NETWORKD = "networkd"
UDEV = "udev"  # nobody manages the ports; rules can keep what we set
NONE = "none"  # nothing on this host keeps anything

# Names of processes, of which the kernel keeps 15 characters.
NETWORKD_PROCESS = "systemd-network"
UDEV_PROCESSES = ("systemd-udevd", "udevd")
FIREWALL_PROCESS = "firewalld"
PROCESSES = (NETWORKD_PROCESS, FIREWALL_PROCESS) + UDEV_PROCESSES

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_PATH = re.compile(r"/[^\x00-\x1f\x7f]{1,1023}\Z")
_LONGEST_LINE = 4096  # of nmcli: a name and a path

Devices = Dict[str, str]  # interface that a manager has -> what it applies to it ("" for nothing yet)


def terse_lines(text: str) -> List[Tuple[str, ...]]:
    """The lines of ``nmcli -t`` as fields: a colon separates, a backslash takes away what the next one means."""
    return [_fields(line) for line in lines(text) if line and len(line) <= _LONGEST_LINE]


def networkmanager_devices(text: str) -> Devices:
    """``nmcli -t -f DEVICE,STATE,CON-UUID device``: the devices that NetworkManager has, with their connections."""
    found = {}
    for fields in terse_lines(text):
        if len(fields) == 3 and not fields[1].startswith(("unmanaged", "unavailable (no")):
            found[fields[0]] = fields[2] if _UUID.match(fields[2]) else ""
    return found


def networkd_device(text: str) -> "str | None":
    """A file of ``/run/systemd/netif/links``: the .network file in force, None where networkd has not the device."""
    values = dict(line.split("=", 1) for line in lines(text) if "=" in line)
    if values.get("ADMIN_STATE", "unmanaged") in ("unmanaged", "linger"):
        return None
    path = values.get("NETWORK_FILE", "")
    return path if _PATH.match(path) else ""


def choose_manager(
    ports: Collection[str], networkmanager: Mapping[str, str], networkd: Mapping[str, str], processes: Collection[str]
) -> str:
    """Who shall keep the addresses of the Thunderbolt interfaces ``ports``.

    The manager that has one of them; networkd before NetworkManager where both do, because it has a file for it and
    NetworkManager takes every Ethernet device that it is not told to leave. Else, of interfaces not there yet, the
    manager that has others. NetworkManager is not asked where somebody told it to leave these interfaces alone.
    """
    if any(networkd.get(port) for port in ports):
        return NETWORKD
    if any(port in networkmanager for port in ports):
        return NETWORKMANAGER
    if networkd:
        return NETWORKD
    if networkmanager and not ports:
        return NETWORKMANAGER
    return UDEV if any(name in processes for name in UDEV_PROCESSES) else NONE


def _fields(line: str) -> Tuple[str, ...]:
    fields: List[List[str]] = [[]]
    characters = iter(line)
    for character in characters:
        if character == "\\":
            fields[-1].append(next(characters, ""))
        elif character == ":":
            fields.append([])
        else:
            fields[-1].append(character)
    return tuple("".join(field) for field in fields)
