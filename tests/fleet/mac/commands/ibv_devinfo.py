# SPDX-License-Identifier: Apache-2.0
"""ibv_devinfo [-v] [-d DEVICE]: state of the RDMA devices; -v adds limits and GIDs."""

import sys

from mac import rdma

_LIMITS = (
    ("max_mr_size", "0xfa0000"),
    ("max_qp", "11"),
    ("max_mr", "100"),
    ("max_pd", "11"),
    ("max_cq", "11"),
)


def _field(depth: int, name: str, value: str, width: int) -> str:
    tabs = "\t" * max(1, (width - len(name) - 1 + 7) // 8)
    return "\t" * depth + f"{name}:{tabs}{value}"


def _show(device: rdma.Device, first: rdma.Device, verbose: bool) -> None:
    def grouped(guid: str) -> str:
        return ":".join(guid[i : i + 4] for i in range(0, 16, 4))

    print(f"hca_id:\t{device.name}")
    facts = [
        ("transport", "Thunderbolt (100)"),
        ("node_guid", grouped(device.guid)),
        ("sys_image_guid", grouped(first.guid)),
        ("vendor_id", "0x0000"),
        ("vendor_part_id", "0"),
        ("hw_ver", "0x0"),
        ("phys_port_cnt", "1"),
        *(_LIMITS if verbose else ()),
    ]
    for name, value in facts:
        print(_field(1, name, value, 32))
    print("\t\tport:\t1")
    port = [
        ("state", "PORT_ACTIVE (4)" if device.active else "PORT_DOWN (1)"),
        ("max_mtu", "4096 (5)"),
        ("active_mtu", "4096 (5)"),
        ("sm_lid", str(device.number)),
        ("port_lid", str(device.number)),
        ("port_lmc", "0x00"),
        ("link_layer", "Thunderbolt"),
    ]
    if verbose:
        port += [("gid_tbl_len", "1024"), ("active_width", "8X (4)"), ("active_speed", "10.0 Gbps (4)")]
    for name, value in port:
        print(_field(3, name, value, 24))
    if verbose:
        for index, gid in enumerate(device.gids):
            print(f"\t\t\tGID[{index:3}]:\t\t{gid}")


def main(arguments: list[str]) -> int:
    devices = rdma.devices()
    if "-d" in arguments[:-1]:
        wanted = arguments[arguments.index("-d") + 1]
        shown = [device for device in devices if device.name == wanted]
        if devices and not shown:
            print(f"IB device '{wanted}' wasn't found", file=sys.stderr)
            return 255
    else:
        shown = devices
    if not devices:
        print("No IB devices found", file=sys.stderr)
        return 255
    first = min(devices, key=lambda device: device.number)
    for position, device in enumerate(shown):
        if position:
            print()
        _show(device, first, "-v" in arguments)
    return 0
