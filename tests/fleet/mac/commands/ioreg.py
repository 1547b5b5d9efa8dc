# SPDX-License-Identifier: Apache-2.0
"""ioreg -l: of the whole tree of drivers only the RDMA devices, with the processes that have one open.

A process that has a device open says so in the file /.fleet/run/verbs/NAME: its number and name.
"""

import os

from mac import machine

FOLDER = machine.RUN + "/verbs"


def _holders(device: str) -> list[tuple[int, str]]:
    try:
        with open(f"{FOLDER}/{device}", encoding="utf-8") as file:
            said = [line.split(" ", 1) for line in file.read().splitlines()]
    except FileNotFoundError:
        return []
    return [(int(pid), name) for pid, name in said if os.path.exists(f"/proc/{pid}")]


def main(arguments: list[str]) -> int:
    if "-l" not in arguments:
        print("usage: ioreg [-abfilrtxy] [-c class] [-d depth] [-k key] [-n name] [-p plane] [-w width]")
        return 1
    print("+-o Root  <class IORegistryEntry, id 0x100000100, retain 32>")
    print('  | {\n  |   "IOKitBuildVersion" = "Darwin Kernel"\n  | }\n  |')
    for number, device in enumerate(machine.port_devices()):
        name = f"rdma_{device}"
        print(f"  +-o {name}  <class AppleThunderboltRDMADevice, id 0x10000{number:04x}, registered, active>")
        print('  | | {\n  | |   "IOClass" = "AppleThunderboltRDMADevice"\n  | | }\n  | |')
        for pid, process in _holders(name):
            print(f"  | +-o AppleThunderboltRDMAUserClient  <class AppleThunderboltRDMAUserClient, id 0x2{pid:08x}>")
            print(f'  |     {{\n  |       "IOUserClientCreator" = "pid {pid}, {process}"\n  |     }}\n  |')
    return 0
