# SPDX-License-Identifier: Apache-2.0
"""ibv_devices: the RDMA devices, cabled or not; the heading alone where RDMA is off."""

from mac import rdma


def main(_: list[str]) -> int:
    print(f"    {'device':<16}\t   node GUID")
    print(f"    {'------':<16}\t{'-' * 16}")
    for device in rdma.devices():
        print(f"    {device.name:<16}\t{device.guid}")
    return 0
