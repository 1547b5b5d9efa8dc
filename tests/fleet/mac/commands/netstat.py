# SPDX-License-Identifier: Apache-2.0
"""netstat -rn (the routing table) and -ib (the real counters)."""

import json
import sys

from mac.links import Link, dotted, ip, links, mask_number, number_of


def _short(destination: str) -> str:
    """192.168.64.0/24 as 192.168.64: zeros at the end go, and the length too where the address class implies it."""
    network, _, length = destination.partition("/")
    if not length:
        return network
    first = number_of(network) >> 24
    implied = 8 if first < 128 else 16 if first < 192 else 24
    octets = network.split(".")
    while len(octets) > max(1, implied // 8) and octets[-1] == "0":
        octets.pop()
    return ".".join(octets) if int(length) == implied else ".".join(octets) + f"/{length}"


def _route_row(destination: str, gateway: str, flags: str, device: str) -> str:
    return f"{destination:<18} {gateway:<18} {flags:<15}{device:>10} {'':>6}"


def _routes() -> int:
    present = links()
    print("Routing tables\n\nInternet:")
    print("Destination        Gateway            Flags               Netif Expire")
    for row in json.loads(ip("-j", "route", "show")):
        device = row["dev"]
        if "gateway" in row:
            print(_route_row(_short(row["dst"]), row["gateway"], "UGScg", device))
        else:
            flags = "UCS" if "/" in row["dst"] else "UHS"
            print(_route_row(_short(row["dst"]), f"link#{present[device].index}", flags, device))
    print(_route_row("127", "127.0.0.1", "UCS", "lo0"))
    print(_route_row("127.0.0.1", "127.0.0.1", "UH", "lo0"))
    for row in json.loads(ip("-j", "neigh", "show")):
        if "lladdr" in row and ":" not in row["dst"]:
            address = ":".join(f"{int(part, 16):x}" for part in row["lladdr"].split(":"))
            print(_route_row(row["dst"], address, "UHLWIi", row["dev"]))
    return 0


def _count(device: str, counter: str) -> int:
    with open(f"/sys/class/net/{device}/statistics/{counter}", encoding="ascii") as file:
        return int(file.read())


def _counter_rows(link: Link) -> None:
    numbers = {
        name: _count(link.name, name)
        for name in ("rx_packets", "rx_errors", "rx_bytes", "tx_packets", "tx_errors", "tx_bytes", "collisions")
    }
    name, mtu = ("lo0", 16384) if link.name == "lo" else (link.name, link.mtu)
    rest = (
        f"{numbers['rx_packets']:>8} {numbers['rx_errors']:>5} {numbers['rx_bytes']:>10} "
        f"{numbers['tx_packets']:>8} {numbers['tx_errors']:>5} {numbers['tx_bytes']:>10} {numbers['collisions']:>5}"
    )
    rows = [(f"<Link#{link.index}>", "" if name == "lo0" else link.mac)]
    rows += [(_short(f"{dotted(number_of(a) & mask_number(n))}/{n}"), a) for a, n in link.inet]
    for network, address in rows:
        print(f"{name:<10} {mtu:<5} {network:<11} {address:<17} {rest}")


def _counters(wanted: str) -> int:
    present = links()
    chosen = [link for link in present.values() if wanted in ("", link.name, "lo0" if link.name == "lo" else link.name)]
    print(
        f"{'Name':<10} {'Mtu':<5} {'Network':<13} {'Address':<17} "
        f"{'Ipkts':>6} {'Ierrs':>5} {'Ibytes':>10} {'Opkts':>8} {'Oerrs':>5} {'Obytes':>10} {'Coll':>5}"
    )
    for link in chosen:
        _counter_rows(link)
    return 0


def main(arguments: list[str]) -> int:
    letters = "".join(argument[1:] for argument in arguments if argument.startswith("-"))
    if "r" in letters:
        return _routes()
    if "i" in letters or "I" in letters:
        names = [argument for argument in arguments if not argument.startswith("-")]
        return _counters(names[0] if names and "I" in letters else "")
    print("netstat: only -rn and -ib are simulated", file=sys.stderr)
    return 1
