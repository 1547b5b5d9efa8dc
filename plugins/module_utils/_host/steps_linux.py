# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""How steps are done on Linux, and how what they change is brought back. ``ip`` tells the truth in its status."""

from __future__ import annotations

import json
from typing import Any, Dict

from .._fabric import steps as kinds
from .._fabric.errors import ParseError
from .._fabric.steps import Step
from . import config_files, noted
from .apply import Kind, System, Thing, Value
from .commands import required
from .target import Target


def release_port(step: Step, target: Target) -> None:
    """Out of the bridge."""
    required(target.run, ["ip", "link", "set", "dev", step.device, "nomaster"])


def add_address(step: Step, target: Target) -> None:
    """The address, and the interface up. A rule of udev, where there is udev, keeps it over a reboot."""
    address = "{0}/{1}".format(step.address, step.prefix)
    required(target.run, ["ip", "address", "add", address, "dev", step.device])
    required(target.run, ["ip", "link", "set", "dev", step.device, "up"])


def remove_address(step: Step, target: Target) -> None:
    """An address that is in the way."""
    address = "{0}/{1}".format(step.address, step.prefix)
    required(target.run, ["ip", "address", "delete", address, "dev", step.device])


def read_interface(device: str, target: Target) -> Value:
    """Its MAC and IPv4 addresses, its master, and whether it is up. None: there is no such interface."""
    link = _links(target).get(device)
    if link is None:
        return None
    inet = [entry for entry in link.get("addr_info") or [] if entry.get("family") == "inet"]
    return {
        "mac": link.get("address", ""),
        "master": link.get("master", ""),
        "up": "UP" in (link.get("flags") or []),
        "addresses": ["{0}/{1}".format(entry.get("local"), entry.get("prefixlen")) for entry in inet],
    }


def write_interface(device: str, value: Value, target: Target) -> None:
    """As it was. An interface that is gone, or whose name another one has since a reboot, needs nothing."""
    now = read_interface(device, target)
    if value is None or now is None or now["mac"] != value["mac"]:
        return
    for address in [address for address in now["addresses"] if address not in value["addresses"]]:
        required(target.run, ["ip", "address", "delete", address, "dev", device])
    if now["master"] != value["master"]:
        master = ["master", value["master"]] if value["master"] else ["nomaster"]
        required(target.run, ["ip", "link", "set", "dev", device, *master])
    if now["up"] != value["up"]:
        required(target.run, ["ip", "link", "set", "dev", device, "up" if value["up"] else "down"])
    for address in [address for address in value["addresses"] if address not in now["addresses"]]:
        required(target.run, ["ip", "address", "add", address, "dev", device])


def same_interface(now: Value, before: Value) -> bool:
    """An interface that is gone with its cable, or whose name another one has, is as good as it was."""
    return now is None or before is None or now["mac"] != before["mac"] or now == before


def _links(target: Target) -> Dict[str, Dict[str, Any]]:
    try:
        return {link["ifname"]: link for link in json.loads(target.said(["ip", "-j", "address", "show"]))}
    except (ValueError, KeyError, TypeError) as error:
        raise ParseError("ip -j address show: not understood ({0})".format(error)) from error


def _interface(step: Step) -> "list[str]":
    return ["interface:" + step.device]


LINUX = System(
    kinds={
        kinds.RELEASE_PORT_FROM_BRIDGE: Kind(_interface, release_port),
        kinds.REMOVE_ADDRESS: Kind(_interface, remove_address),
        kinds.ADD_ADDRESS: Kind(_interface, add_address),
        **config_files.KINDS,
        kinds.NOTE_PORTS: noted.KIND,
    },
    things={
        "interface": Thing(read_interface, write_interface, same_interface),
        **config_files.THINGS,
        "noted": noted.THING,
    },
)
