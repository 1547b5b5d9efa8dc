# SPDX-License-Identifier: Apache-2.0
"""ipconfig: addresses as configd knows them. One that was set by plain ifconfig is not its business."""

import sys

from mac import configuration, machine
from mac.links import dotted, ip, links, mask_number


def _getifaddr(device: str) -> int:
    link = links().get(device)
    known = machine.remembered("applied", {}).get(device, [])
    for address, length in link.inet if link else []:
        if f"{address}/{length}" in known:
            print(address)
            return 0
    return 1


def _getpacket(device: str) -> int:
    link = links().get(device)
    if device != "en0" or link is None or not link.inet:
        return 1
    address, length = link.inet[0]
    router = machine.this_mac()["router"]
    print("op = BOOTREPLY\nhtype = 1\nflags = 0x0\nhlen = 6\nhops = 0")
    print(f"yiaddr = {address}\nsiaddr = {router}\nchaddr = {link.mac}\noptions:")
    print("dhcp_message_type (uint8): ACK 0x5")
    print(f"server_identifier (ip): {router}\nsubnet_mask (ip): {dotted(mask_number(length))}")
    print(f"router (ip_mult): {{{router}}}\nend (none):")
    return 0


def _set(device: str, method: str) -> int:
    if not machine.is_root():
        print("ipconfig: must be run as root", file=sys.stderr)
        return 1
    if device not in links():
        print(f"ipconfig: interface '{device}' doesn't exist", file=sys.stderr)
        return 1
    if method.upper() in ("DHCP", "NONE", "BOOTP"):  # nobody hands out leases on a cable
        ip("-4", "addr", "flush", "dev", device)
        applied = machine.remembered("applied", {})
        machine.remember("applied", {**applied, device: []})
    else:
        configuration.apply(device)
    return 0


def main(arguments: list[str]) -> int:
    if len(arguments) == 2 and arguments[0] in ("getifaddr", "getpacket"):
        return {"getifaddr": _getifaddr, "getpacket": _getpacket}[arguments[0]](arguments[1])
    if len(arguments) >= 3 and arguments[0] == "set":
        return _set(arguments[1], arguments[2])
    if arguments == ["waitall"]:
        return 0
    print("usage: ipconfig <command> <args>\nwhere <command> is one of waitall, getifaddr, getpacket, set")
    return 1
