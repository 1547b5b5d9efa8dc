# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The options of a Mac as things: sleep, the memory that the GPU may wire, the firewall, the MTU of a port."""

from __future__ import annotations

import re
from typing import Dict

from .apply import Thing, Value
from .commands import HostError, required
from .networksetup import NETWORKSETUP, networksetup
from .target import Target

PMSET = "/usr/bin/pmset"
SYSCTL = "/usr/sbin/sysctl"
WIRED = "iogpu.wired_limit_mb"
FIREWALL = "/usr/libexec/ApplicationFirewall/socketfilterfw"
_SOURCES = {"AC Power": "-c", "Battery Power": "-b", "UPS Power": "-u"}


def read_sleep(_name: str, target: Target) -> Value:
    """Minutes until the Mac sleeps, by its source of power; just the number where there is one source or one value."""
    found: Dict[str, int] = {}
    source = ""
    for line in target.said([PMSET, "-g", "custom"]).split("\n"):
        words = line.split()
        if line.rstrip().endswith(":"):
            source = line.strip().rstrip(":")
        elif words[:1] == ["sleep"] and len(words) > 1 and words[1].isdigit():
            found[source] = int(words[1])
    if not found:
        raise HostError("pmset -g custom says nothing of sleep", "run it by hand on this host")
    values = set(found.values())
    return values.pop() if len(values) == 1 else found


def write_sleep(_name: str, value: Value, target: Target) -> None:
    """One value for all sources, or each its own."""
    if isinstance(value, dict):
        for source, minutes in value.items():
            required(target.run, [PMSET, _SOURCES.get(source, "-a"), "sleep", str(minutes)])
    else:
        required(target.run, [PMSET, "-a", "sleep", str(value)])


def read_wired(_name: str, target: Target) -> Value:
    """MB that the GPU may wire; 0 is the system's own choice, and what every boot begins with."""
    said = target.said([SYSCTL, "-n", WIRED]).strip()
    if not said.isdigit():
        raise HostError("sysctl {0} says {1!r:.40}".format(WIRED, said), "this Mac has no such limit")
    return int(said)


def write_wired(_name: str, value: Value, target: Target) -> None:
    """Until the next boot."""
    required(target.run, [SYSCTL, "{0}={1}".format(WIRED, value)])


def read_firewall(program: str, target: Target) -> Value:
    """ "allow" or "block" for a program that the firewall knows, None for another one."""
    lines = [line.strip() for line in target.said([FIREWALL, "--listapps"]).split("\n")]
    for number, line in enumerate(lines):
        if re.sub(r"^\d+ ?: *", "", line) == program:
            return "block" if "Block" in " ".join(lines[number + 1 : number + 2]) else "allow"
    return None


def write_firewall(program: str, value: Value, target: Target) -> None:
    """Known and allowed, known and blocked, or not known."""
    if value is None:
        required(target.run, [FIREWALL, "--remove", program])
        return
    required(target.run, [FIREWALL, "--add", program])
    required(target.run, [FIREWALL, "--unblockapp" if value == "allow" else "--blockapp", program])


def read_mtu(device: str, target: Target) -> Value:
    """What is set in the preferences: "Active MTU: 1500 (Current Setting: 1500)"."""
    said = target.said([NETWORKSETUP, "-getMTU", device])
    found = re.search(r"Current Setting: (\d{1,6})", said) or re.search(r"Active MTU: (\d{1,6})", said)
    if found is None:
        raise HostError("networksetup -getMTU {0} says {1!r:.60}".format(device, said.strip()))
    return int(found.group(1))


def write_mtu(device: str, value: Value, target: Target) -> None:
    """Now and from the next boot on."""
    networksetup(target, "-setMTU", device, str(value))


OPTIONS = {
    "sleep": Thing(read_sleep, write_sleep),
    "wired": Thing(read_wired, write_wired),
    "firewall": Thing(read_firewall, write_firewall),
    "mtu": Thing(read_mtu, write_mtu),
}
