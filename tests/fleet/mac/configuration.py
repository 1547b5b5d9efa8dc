# SPDX-License-Identifier: Apache-2.0
"""What configd does: makes the interfaces look as the preferences say, at boot, at a change, and when a cable moves.

A bridge that is down keeps its members, and on a Mac they can talk IP then. Linux takes every frame of a bridge port
away from it, whether the bridge is up or down. So the members of a bridge are remembered here, and the real ports are
attached only while the bridge is up.
"""

import time
import uuid

from mac import machine
from mac.links import Link, ip, isolate, links, prefix_of
from mac.preferences import Preferences


def boot() -> None:
    """Set up a Mac that was just switched on."""
    mac = machine.this_mac()
    _behave_like_bsd()
    ip("link", "set", "lo", "up")
    for device in [*mac["ports"].values(), *(device for _, device, _ in mac["nics"])]:
        ip("link", "set", device, "up")
    ip("addr", "add", mac["en0_address"], "brd", "+", "dev", "en0")
    ip("route", "add", "default", "via", mac["router"])
    machine.remember("applied", {"en0": [mac["en0_address"]]})
    machine.remember("booted", int(time.time()))
    machine.remember("session", str(uuid.uuid4()).upper())
    preferences = Preferences()
    for name, members in preferences.bridges().items():
        make_bridge(name, members)
    for device in [*mac["ports"].values(), *preferences.bridges()]:
        if preferences.mtu(device):
            ip("link", "set", device, "mtu", str(preferences.mtu(device)))
        apply(device, preferences)


def _behave_like_bsd() -> None:
    # A Mac answers ARP for an address only on the interface that has it.
    for name, value in (("arp_ignore", "1"), ("arp_announce", "2")):
        with open(f"/proc/sys/net/ipv4/conf/all/{name}", "w", encoding="ascii") as file:
            file.write(value)


def bridges() -> dict[str, list[str]]:
    """Bridges and the members that `ifconfig` shows."""
    return dict(machine.remembered("bridges", {}))


def bridge_of(device: str) -> str:
    """The bridge that the device is a member of, "" if of none."""
    return next((name for name, members in bridges().items() if device in members), "")


def make_bridge(name: str, members: list[str]) -> None:
    """Make a bridge with members, as at boot."""
    present = links()
    ip("link", "add", name, "type", "bridge", "mcast_snooping", "0")
    if members and members[0] in present:
        ip("link", "set", name, "address", present[members[0]].mac)  # that of Thunderbolt 1
    ip("link", "set", name, "up")
    machine.remember("bridges", {**bridges(), name: []})
    for member in members:
        if member in present:
            add_member(name, member)


def _attach(name: str, device: str) -> None:
    ip("link", "set", device, "master", name)
    isolate(device)


def add_member(name: str, device: str) -> None:
    """Put a device into a bridge. What its own service gave it is gone, as for every member of a bridge."""
    _give(links()[device], [])
    known = bridges()
    known[name] = [*known[name], device]
    machine.remember("bridges", known)
    if links()[name].up:
        _attach(name, device)


def delete_member(name: str, device: str) -> None:
    """Take a device out of a bridge; its own service, if it has one, begins to count."""
    known = bridges()
    known[name] = [member for member in known[name] if member != device]
    machine.remember("bridges", known)
    ip("link", "set", device, "nomaster")
    apply(device)


def destroy_bridge(name: str) -> None:
    """Remove a bridge until the next boot."""
    known = bridges()
    members = known.pop(name)
    machine.remember("bridges", known)
    machine.remember("applied", {**machine.remembered("applied", {}), name: []})
    ip("link", "del", name)
    for member in members:
        apply(member)


def switch_bridge(name: str, up: bool) -> None:
    """`ifconfig bridge0 up` or `down`."""
    ip("link", "set", name, "up" if up else "down")
    for member in bridges()[name]:
        if up:
            _attach(name, member)
        else:
            ip("link", "set", member, "nomaster")
            apply(member)


def apply(device: str, preferences: Preferences | None = None) -> None:
    """Give the interface what its first enabled service says. Addresses that somebody set by hand stay."""
    preferences = preferences or Preferences()
    present = links()
    if device not in present or device == "en0" or present[device].master:
        return
    first = next((s for s in preferences.services() if s.device == device and s.enabled), None)
    wanted = []
    if first is not None and first.manual is not None and present[device].carrier:
        address, mask = first.manual
        wanted = [f"{address}/{prefix_of(mask)}"]
    _give(present[device], wanted)
    ipv6 = "Automatic" if first is None else first.raw.get("IPv6", {}).get("ConfigMethod", "Off")
    _switch_ipv6(device, ipv6 != "Off")


def _give(link: Link, wanted: list[str]) -> None:
    """These addresses instead of those that a service gave before."""
    applied = machine.remembered("applied", {})
    _change_addresses(link, applied.get(link.name, []), wanted)
    machine.remember("applied", {**applied, link.name: wanted})


def _change_addresses(link: Link, applied: list[str], wanted: list[str]) -> None:
    present = {f"{address}/{length}" for address, length in link.inet}
    for address in applied:
        if address in present and address not in wanted:
            ip("addr", "del", address, "dev", link.name)
    for address in wanted:
        if address not in present:
            ip("addr", "add", address, "brd", "+", "dev", link.name)


def _switch_ipv6(device: str, on: bool) -> None:
    path = f"/proc/sys/net/ipv6/conf/{device}/disable_ipv6"
    try:
        with open(path, "r+", encoding="ascii") as file:
            wanted = "0" if on else "1"
            if file.read().strip() != wanted:
                file.seek(0)
                file.write(wanted)
    except FileNotFoundError:
        pass  # a kernel without IPv6


def link_changed(device: str) -> None:
    """A cable was pulled or plugged in: what was set by hand is gone, what is configured comes with the link."""
    if device not in links():
        return
    ip("-4", "addr", "flush", "dev", device)
    applied = machine.remembered("applied", {})
    machine.remember("applied", {**applied, device: []})
    apply(device)
