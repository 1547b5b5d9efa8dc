# SPDX-License-Identifier: Apache-2.0
"""What a Linux host of a rack has: its cables, its users' configuration, and everything that could be changed."""

from __future__ import annotations

import json
import time

FOLDERS = "/etc/NetworkManager/system-connections /etc/systemd/network /etc/udev/rules.d /var/lib/boltloom"


def interfaces(rack, host):
    """MAC address -> (name, IPv4 addresses, bridge) of each cable's interface."""
    found = {}
    for link in json.loads(rack.on(host, "/usr/sbin/ip", "-j", "addr")):
        if link["ifname"].startswith("thunderbolt"):
            inet = sorted(f"{a['local']}/{a['prefixlen']}" for a in link["addr_info"] if a["family"] == "inet")
            found[link["address"]] = (link["ifname"], tuple(inet), link.get("master", ""))
    return found


def addresses(rack, host):
    """MAC address -> IPv4 addresses, whatever the interfaces are called now."""
    return {mac: inet for mac, (_name, inet, _bridge) in interfaces(rack, host).items()}


def files(rack, host):
    """Path -> mode, owner and content of every file by which a network is configured, and of our state."""
    script = f"""
        for file in $(find {FOLDERS} -type f 2>/dev/null | sort); do
            stat -c '%n %a %U:%G' "$file"
            sha256sum <"$file"
        done
    """
    lines = rack.on(host, "/bin/sh", "-c", script).split("\n")
    return dict(zip(lines[::2], lines[1::2], strict=False))


def in_force(rack, host):
    """What the managers apply to each interface: a connection's name, or a file."""
    nmcli = rack.fleet.run(host, ["nmcli", "-t", "-f", "DEVICE,CONNECTION", "device"]).stdout
    networkd = rack.on(host, "/bin/sh", "-c", "grep -h ^NETWORK_FILE= /run/systemd/netif/links/* 2>/dev/null | sort")
    return sorted(line for line in nmcli.split("\n") if not line.startswith("lo:")), networkd


def state(rack, host):
    """All of it, to be compared before and after."""
    office = rack.on(host, "/usr/sbin/ip", "-4", "-br", "addr", "show", "dev", "eth0")
    return (
        interfaces(rack, host),
        files(rack, host),
        in_force(rack, host),
        office,
        rack.on(host, "/usr/sbin/ip", "route"),
    )


def within(seconds, what):
    """Wait until it holds."""
    deadline = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.2)
    return value
