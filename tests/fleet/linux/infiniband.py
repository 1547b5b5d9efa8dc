# SPDX-License-Identifier: Apache-2.0
"""What RDMA drivers show in /sys/class/infiniband: a RoCE card on eth0, a usb4_rdmaN on each cable's interface.

Runs as long as the host does: the table of a port holds the addresses that its interface has at the moment.
"""

import errno
import ipaddress
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, "/.fleet/lib")
from mac import machine

_FOLDER = "/sys/class/infiniband"
_IP = "/usr/sbin/ip"
_LINKS, _ADDRESSES = 0x1, 0x10  # RTMGRP_LINK and RTMGRP_IPV4_IFADDR of linux/rtnetlink.h


def main() -> None:
    """Show the devices again whenever an interface or an address changes."""
    kinds = machine.this_mac()["infiniband"]
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as changes:
        changes.bind((0, _LINKS | _ADDRESSES))
        while True:
            show(kinds)
            try:
                changes.recv(65536)
            except OSError as error:
                if error.errno != errno.ENOBUFS:  # more changes than the socket holds
                    raise


def show(kinds: list[str]) -> None:
    """Make the folder what the devices of these kinds show at this moment."""
    listing = subprocess.run([_IP, "-j", "addr"], check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    wanted = {}
    for link in json.loads(listing.stdout):
        name = str(link.get("ifname", ""))
        if name == "eth0" and "ethernet" in kinds:
            wanted["mlx5_0"] = link
        elif name.startswith("thunderbolt") and "thunderbolt" in kinds:
            wanted[f"usb4_rdma{name[len('thunderbolt') :]}"] = link
    for device in os.listdir(_FOLDER):
        if device not in wanted:
            shutil.rmtree(f"{_FOLDER}/{device}")
    for device, link in wanted.items():
        _write(f"{_FOLDER}/{device}", _files(link))


def _files(link: dict[str, Any]) -> dict[str, str]:
    """The files of a device with one port, whose table begins with the link-local address."""
    octets = [int(part, 16) for part in link["address"].split(":")]
    identifier = bytes([octets[0] ^ 2, *octets[1:3], 0xFF, 0xFE, *octets[3:]])
    inet = [entry["local"] for entry in link.get("addr_info", []) if entry.get("family") == "inet"]
    gids = [ipaddress.IPv6Address(b"\xfe\x80" + bytes(6) + identifier)]
    gids += [ipaddress.IPv6Address(f"::ffff:{address}") for address in inet]
    active = "LOWER_UP" in link["flags"]
    files = {
        "node_guid": ":".join(identifier.hex()[i : i + 4] for i in range(0, 16, 4)),
        "node_type": "1: CA",
        "ports/1/state": "4: ACTIVE" if active else "1: DOWN",
        "ports/1/link_layer": "Ethernet",
    }
    for index, gid in enumerate(gids):
        files[f"ports/1/gids/{index}"] = gid.exploded
        files[f"ports/1/gid_attrs/ndevs/{index}"] = link["ifname"]
        files[f"ports/1/gid_attrs/types/{index}"] = "RoCE v2"
    return files


def _write(folder: str, files: dict[str, str]) -> None:
    for table in ("gids", "gid_attrs/ndevs", "gid_attrs/types"):
        place = f"{folder}/ports/1/{table}"
        os.makedirs(place, exist_ok=True)
        for name in os.listdir(place):
            if f"ports/1/{table}/{name}" not in files:
                os.unlink(f"{place}/{name}")
    for name, content in files.items():
        path = Path(folder, name)
        if not path.exists() or path.read_text(encoding="ascii") != content + "\n":
            path.write_text(content + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
