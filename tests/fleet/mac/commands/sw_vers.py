# SPDX-License-Identifier: Apache-2.0
"""sw_vers: name, version and build of the system."""

from mac import machine


def main(arguments: list[str]) -> int:
    mac = machine.this_mac()
    values = {"ProductName": "macOS", "ProductVersion": mac["macos"], "BuildVersion": mac["build"]}
    if not arguments:
        for name, value in values.items():
            print(f"{name}:\t\t{value}")
        return 0
    wanted = arguments[0].lstrip("-").lower()
    for name, value in values.items():
        if name.lower() == wanted:
            print(value)
            return 0
    print("Usage: sw_vers [--help|--productName|--productVersion|--productVersionExtra|--buildVersion]")
    return 1
