# SPDX-License-Identifier: Apache-2.0
"""The real interfaces of this Mac, through iproute2, which the Mac itself does not see."""

import json
import os
from dataclasses import dataclass, field

_IP = "/.fleet/bin/ip"
_BRIDGE = "/.fleet/bin/bridge"


class LinkError(Exception):
    """The kernel refused."""


@dataclass
class Link:
    """An interface as it is now."""

    name: str
    index: int
    mac: str
    mtu: int
    up: bool
    carrier: bool
    master: str
    kind: str
    inet: list[tuple[str, int]] = field(default_factory=list)
    inet6: list[tuple[str, int]] = field(default_factory=list)


def capture(argv: list[str]) -> str:
    """Run a program; both its outputs as one text. (`subprocess` would take longer to import than all the rest.)"""
    read_end, write_end = os.pipe()
    actions = [(os.POSIX_SPAWN_DUP2, write_end, 1), (os.POSIX_SPAWN_DUP2, write_end, 2)]
    child = os.posix_spawn(argv[0], argv, {"PATH": "/usr/bin:/bin"}, file_actions=actions)
    os.close(write_end)
    with os.fdopen(read_end, encoding="utf-8") as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    if status != 0:
        raise LinkError(text.strip())
    return text


def ip(*arguments: str) -> str:
    """Run `ip`. :raises LinkError: with what it said."""
    return capture([_IP, *arguments])


def isolate(device: str) -> None:
    """Keep a bridge port from talking to the other ports of its bridge.

    Macs break loops with the spanning tree protocol. Here four Macs with three bridged cables each would be a broadcast
    storm within a second; isolated ports reach the bridge itself (and its address), but no frame passes between them.
    """
    capture([_BRIDGE, "link", "set", "dev", device, "isolated", "on", "learning", "off"])


def links() -> dict[str, Link]:
    """All interfaces, by name."""
    found = {}
    for raw in json.loads(ip("-j", "-d", "addr", "show")):
        addresses = [(a.get("family"), a.get("local", ""), a.get("prefixlen", 0)) for a in raw.get("addr_info", [])]
        found[raw["ifname"]] = Link(
            name=raw["ifname"],
            index=raw["ifindex"],
            mac=raw.get("address", ""),
            mtu=raw["mtu"],
            up="UP" in raw["flags"],
            carrier="LOWER_UP" in raw["flags"],
            master=raw.get("master", ""),
            kind=raw.get("linkinfo", {}).get("info_kind", ""),
            inet=[(address, length) for family, address, length in addresses if family == "inet"],
            inet6=[(address, length) for family, address, length in addresses if family == "inet6"],
        )
    return found


def prefix_of(mask: str) -> int:
    """255.255.255.252, 0xfffffffc or 30 as a prefix length. :raises ValueError: it is no netmask."""
    if mask.isdigit() and int(mask) <= 32:
        return int(mask)
    number = int(mask, 16) if mask.startswith("0x") else number_of(mask)
    length = bin(number).count("1")
    if number != mask_number(length):
        raise ValueError(mask)
    return length


def number_of(address: str) -> int:
    """A dotted IPv4 address as a number. :raises ValueError: it is none."""
    parts = address.split(".")
    if len(parts) != 4 or not all(part.isdigit() and int(part) < 256 for part in parts):
        raise ValueError(address)
    return int.from_bytes(bytes(int(part) for part in parts), "big")


def dotted(number: int) -> str:
    """The reverse of :func:`number_of`."""
    return ".".join(str(byte) for byte in number.to_bytes(4, "big"))


def mask_number(length: int) -> int:
    """The netmask of a prefix length."""
    return (0xFFFFFFFF << (32 - length)) & 0xFFFFFFFF
