# SPDX-License-Identifier: Apache-2.0
"""RDMA devices: one per Thunderbolt 5 port, named after it, if RDMA is enabled."""

from dataclasses import dataclass
from typing import Any

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
    """In the order of the driver, which is not that of the names. A Mac without Thunderbolt 5 has none, whatever its
    switch says, and macOS before 26.2 has no driver."""
    mac = machine.this_mac()
    world = machine.world()
    if not world["hosts"][mac["name"]]["rdma"]:
        return []
    numbers = sorted(mac["ports"], key=int)
    if len(numbers) > 3:
        numbers[2], numbers[3] = numbers[3], numbers[2]  # as seen on a Mac Studio
    present = links()
    found = []
    for number in numbers:
        device = mac["ports"][number]
        gids = _gids(present[device].mac, device, present[device].inet)
        active = present[device].carrier and _comes_up(mac, world, number)
        found.append(Device("rdma_" + device, _guid(mac["uids"][number]), int(number), active, gids))
    return found


def _comes_up(mac: dict[str, Any], world: dict[str, Any], number: str) -> bool:
    """A port turns active once both ends are enabled, over a cable that joins them directly and is whole."""
    peer = firmware.peer_of(world, mac["name"], int(number))
    if peer is None or not world["hosts"][peer.host]["rdma"]:
        return False
    back = firmware.peer_of(world, peer.host, peer.receptacle)
    docked = peer.through or (back is not None and back.through)
    broken = [[mac["name"], number], [peer.host, str(peer.receptacle)]]
    return back is not None and not docked and not any(end in world["rdma_broken"] for end in broken)


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
