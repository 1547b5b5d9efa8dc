# SPDX-License-Identifier: Apache-2.0
"""ioreg -l: of the whole tree of drivers only the RDMA devices, with the processes that have one open.

A process opens a device by opening the file /.fleet/run/verbs/NAME.
"""

import contextlib
import os

from mac import machine

FOLDER = machine.RUN + "/verbs"


def _holders(device: str) -> list[tuple[int, str]]:
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            files = [os.readlink(f"/proc/{entry}/fd/{name}") for name in os.listdir(f"/proc/{entry}/fd")]
            if f"{FOLDER}/{device}" in files:
                with open(f"/proc/{entry}/comm", encoding="utf-8") as file:
                    found.append((int(entry), file.read().strip()))
    return found


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
