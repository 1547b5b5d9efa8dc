# SPDX-License-Identifier: Apache-2.0
"""scutil --nwi and --get: only interfaces with a way to a router count as network to macOS."""

from mac import machine
from mac.links import links
from mac.preferences import Preferences


def _nwi() -> int:
    print("Network information\n")
    en0 = links()["en0"]
    if not (en0.inet and en0.carrier):
        print("   REACH : flags 0x00000000 (Not Reachable)")
        return 0
    print("IPv4 network interface information")
    print("     en0 : flags      : 0x5 (IPv4,DNS)")
    print(f"           address    : {en0.inet[0][0]}")
    print("           reach      : 0x00000002 (Reachable)\n")
    print("   REACH : flags 0x00000002 (Reachable)\n")
    print("IPv6 network interface information")
    print("   No IPv6 states found\n\n   REACH : flags 0x00000000 (Not Reachable)\n")
    print("Network interfaces: en0")
    return 0


def main(arguments: list[str]) -> int:
    if arguments == ["--nwi"]:
        return _nwi()
    if arguments == ["--dns"]:
        print("No DNS configuration available")
        return 0
    if arguments[:1] == ["--get"] and arguments[1:] in (["ComputerName"], ["LocalHostName"], ["HostName"]):
        system = Preferences().data["System"]["System"]
        print(system.get(arguments[1], machine.this_mac()["name"]))
        return 0
    print("usage: scutil\n\tinteractive access to the dynamic store.")
    return 64
