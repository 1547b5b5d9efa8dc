# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""How steps are done on Linux, and how what they change is brought back. ``ip`` tells the truth in its status.

What somebody set by hand lasts until the next boot, and is brought back until then. After a reboot it is
nobody's loss; our own addresses, which our files bring back at each boot, are taken away at any time. An interface
is known by its MAC address, because the next boot may give it another name.
"""

from __future__ import annotations

import ipaddress
import os
from typing import Any, List, Mapping

from .._fabric import steps as kinds
from .._fabric.steps import Step
from . import config_files, noted
from .apply import Kind, System, Thing, Value
from .commands import required
from .linux_interfaces import find_link, links
from .target import Target

BOOT_ID = "proc/sys/kernel/random/boot_id"
_LINK_LOCAL = ipaddress.IPv4Network("169.254.0.0/16")


def release_port(step: Step, target: Target) -> None:
    """Out of the bridge."""
    required(target.run, ["ip", "link", "set", "dev", step.device, "nomaster"])


def add_address(step: Step, target: Target) -> None:
    """The address, and the interface up. A rule of udev, where there is udev, keeps it over a reboot."""
    required(target.run, ["ip", "address", "add", _cidr(step), "dev", step.device])
    required(target.run, ["ip", "link", "set", "dev", step.device, "up"])


def remove_address(step: Step, target: Target) -> None:
    """An address that is in the way."""
    required(target.run, ["ip", "address", "delete", _cidr(step), "dev", step.device])


def read_interface(device: str, target: Target) -> Value:
    """What somebody can have set by hand on it, during this boot. None: there is no such interface."""
    link = links(target).get(device)
    if link is None:
        return None
    return {
        "boot": _boot(target),
        "mac": link.get("address") or "",
        "master": link.get("master") or "",
        "up": "UP" in (link.get("flags") or []),
        "addresses": [_text(entry) for entry in _inet(link) if not _leased(entry)],
    }


def write_interface(device: str, value: Value, target: Target) -> None:
    """As it was. What comes in the way of nobody stays."""
    now = read_interface(device, target)
    if same_interface(now, value):
        return
    if now["master"] != value["master"]:
        master = ["master", value["master"]] if value["master"] else ["nomaster"]
        required(target.run, ["ip", "link", "set", "dev", device, *master])
    if now["up"] != value["up"]:
        required(target.run, ["ip", "link", "set", "dev", device, "up" if value["up"] else "down"])
    for address in [address for address in value["addresses"] if address not in now["addresses"]]:
        required(target.run, ["ip", "address", "add", address, "dev", device])


def same_interface(now: Value, before: Value) -> bool:
    """One that is gone with its cable, or that another boot made, is as good as it was."""
    if now is None or before is None or (now["boot"], now["mac"]) != (before["boot"], before["mac"]):
        return True
    if (now["master"], now["up"]) != (before["master"], before["up"]):
        return False
    return set(before["addresses"]) <= set(now["addresses"])


def read_address(name: str, target: Target) -> Value:
    """Whether the interface has the address. None: there is no such interface."""
    which, _blank, address = name.partition(" ")
    link = find_link(which, target)
    return None if link is None else address in map(_text, _inet(link))


def write_address(name: str, value: Value, target: Target) -> None:
    """There, or not there. The file that would bring it back is another thing."""
    which, _blank, address = name.partition(" ")
    link = find_link(which, target)
    if link is None or value is None or value == (address in map(_text, _inet(link))):
        return
    required(target.run, ["ip", "address", "add" if value else "delete", address, "dev", str(link["ifname"])])


def same_address(now: Value, before: Value) -> bool:
    """An interface that is gone with its cable has no address."""
    return now is None or before is None or now == before


def read_mtu(which: str, target: Target) -> Value:
    """Of the interface now. None: there is no such interface."""
    link = find_link(which, target)
    return None if link is None else link.get("mtu")


def write_mtu(which: str, value: Value, target: Target) -> None:
    """Now; a rule of udev, which is another thing, keeps it."""
    link = find_link(which, target)
    if link is not None and value is not None:
        required(target.run, ["ip", "link", "set", "dev", str(link["ifname"]), "mtu", str(value)])


def _inet(link: Mapping[str, Any]) -> List[Mapping[str, Any]]:
    return [entry for entry in link.get("addr_info") or [] if entry.get("family") == "inet" and entry.get("local")]


def _leased(entry: Mapping[str, Any]) -> bool:
    """Whoever gave it gives it again, or another one."""
    return bool(entry.get("dynamic")) or ipaddress.IPv4Address(entry["local"]) in _LINK_LOCAL


def _text(entry: Mapping[str, Any]) -> str:
    return "{0}/{1}".format(entry["local"], entry.get("prefixlen"))


def _boot(target: Target) -> str:
    """New at each boot, "" where the kernel does not say."""
    try:
        with open(os.path.join(target.root, BOOT_ID), encoding="ascii", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def _cidr(step: Step) -> str:
    return "{0}/{1}".format(step.address, step.prefix)


def _interface(step: Step) -> List[str]:
    return ["interface:" + step.device]


def _interface_and_address(step: Step) -> List[str]:
    return ["interface:" + step.device, "address:{0} {1}".format(step.mac or step.device, _cidr(step))]


def _all_that_a_manager_changes(step: Step) -> List[str]:
    return _interface_and_address(step) + config_files.connections(step)


LINUX = System(
    kinds={
        kinds.RELEASE_PORT_FROM_BRIDGE: Kind(_interface, release_port),
        kinds.REMOVE_ADDRESS: Kind(_interface, remove_address),
        kinds.ADD_ADDRESS: Kind(_interface_and_address, add_address),
        kinds.WRITE_CONFIG: Kind(config_files.files, config_files.write_config),
        kinds.REMOVE_CONFIG: Kind(config_files.files, config_files.remove_config),
        kinds.ACTIVATE_CONFIG: Kind(_all_that_a_manager_changes, config_files.activate_config),
        kinds.NOTE_PORTS: noted.KIND,
    },
    things={
        "interface": Thing(read_interface, write_interface, same_interface),
        "address": Thing(read_address, write_address, same_address),
        "mtu": Thing(read_mtu, write_mtu, same_address),  # gone with its cable is as good as it was
        "file": Thing(config_files.read_file, config_files.write_file),
        "connection": Thing(config_files.read_connection, config_files.write_connection, config_files.same_connection),
        "noted": noted.THING,
    },
)
