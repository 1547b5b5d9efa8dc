# SPDX-License-Identifier: Apache-2.0
"""RDMA devices: one per Thunderbolt 5 port, named after it, if RDMA is enabled."""

from dataclasses import dataclass

from mac import configuration, firmware, machine
from mac.links import links


@dataclass(frozen=True)
class Device:
    """A verbs device."""

    name: str
    guid: str  # 16 hexadecimal digits: the bytes of the port's UID reversed
    number: int  # counts the ports of the driver from 1
    active: bool
    gids: tuple[str, ...]


def devices() -> list[Device]:
    """In the order of the driver, which is not that of the names."""
    mac = machine.this_mac()
    if not (mac["rdma"] and mac["thunderbolt5"]):
        return []
    numbers = sorted(mac["ports"], key=int)
    if len(numbers) > 3:
        numbers[2], numbers[3] = numbers[3], numbers[2]  # as seen on a Mac Studio
    present = links()
    world = machine.world()
    found = []
    for number in numbers:
        device = mac["ports"][number]
        peer = firmware.peer_of(world, mac["name"], int(number))
        carrier = present[device].carrier
        gids = _gids(present[device].mac, device, present[device].inet)
        active = carrier and peer is not None and world["hosts"][peer.host]["rdma"]
        found.append(Device("rdma_" + device, _guid(mac["uids"][number]), int(number), active, gids))
    return found


def _guid(uid: str) -> str:
    return bytes.fromhex(uid[2:])[::-1].hex()


def _gids(address: str, device: str, inet: list[tuple[str, int]]) -> tuple[str, ...]:
    """First the link-local address made of the port's MAC, then the IPv4 addresses, unless the port is bridged."""
    octets = [int(part, 16) for part in address.split(":")]
    octets[0] ^= 2
    identifier = [*octets[:3], 0xFF, 0xFE, *octets[3:]]
    groups = [f"{identifier[i] << 8 | identifier[i + 1]:x}" for i in range(0, 8, 2)]
    bridge = configuration.bridge_of(device)
    bridged = bridge != "" and links()[bridge].up
    return ("fe80::" + ":".join(groups), *(() if bridged else (f"::ffff:{a}" for a, _ in inet)))
