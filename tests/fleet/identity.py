# SPDX-License-Identifier: Apache-2.0
"""Identities of a simulated Mac, related to each other as on a real one.

Stable over reboots: the UID of a port's controller and the MAC addresses. New at each boot: the domain UUIDs.
On Apple silicon a bus has one receptacle: bus number = receptacle - 1. A port's MAC is 36:..:X0 + 4 * bus; the RDMA
node GUID is the UID with its bytes reversed.
"""

import hashlib
import uuid


def _digest(host: str, what: str) -> str:
    return hashlib.sha256(f"{host}/{what}".encode()).hexdigest().upper()


def switch_uid(host: str, receptacle: int) -> str:
    """The UID of the Thunderbolt controller behind a receptacle."""
    return f"0x05AC{_digest(host, 'uid')[:10]}{0x10 + receptacle - 1:02X}"


def port_mac(host: str, receptacle: int) -> str:
    """The MAC address of a Thunderbolt port."""
    digest = _digest(host, "mac").lower()
    middle = ":".join(digest[i : i + 2] for i in range(0, 8, 2))
    return f"36:{middle}:{0x40 + 4 * (receptacle - 1):02x}"


def nic_mac(host: str, device: str) -> str:
    """The MAC address of a network card (Apple's prefix, globally unique)."""
    digest = _digest(host, device).lower()
    return "1c:f7:4e:" + ":".join(digest[i : i + 2] for i in range(0, 6, 2))


def controller_uuid(host: str, controller: int) -> str:
    """The identity of a Linux host's controller, which it keeps over reboots. Two receptacles share it."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{host}/controller {controller}"))


def controller_of(receptacle: int) -> int:
    """The controller of a Linux host's receptacle."""
    return (receptacle - 1) // 2


def linux_mac(host: str, receptacle: int) -> str:
    """What the driver makes of the controller's identity and the lane."""
    digest = hashlib.sha256(controller_uuid(host, controller_of(receptacle)).encode()).hexdigest()
    octets = ":".join(digest[i : i + 2] for i in range(0, 10, 2))
    return f"{(receptacle - 1) % 2 << 4 | 2:02x}:{octets}"


def first_boot() -> str:
    """The identity of the first boot of a host."""
    return str(uuid.UUID(int=uuid.uuid4().int & ~1))


def next_boot(before: str) -> str:
    """The identity of another boot, odd after even."""
    return str(uuid.UUID(int=uuid.uuid4().int & ~1 | ~uuid.UUID(before).int & 1))


def domain_order(boot_id: str) -> list[int]:
    """The controllers of a Linux host in the order in which its kernel finds them: another one at every second boot."""
    return [1, 0] if uuid.UUID(boot_id).int & 1 else [0, 1]


def domain_uuid(boot_id: str, receptacle: int) -> str:
    """The UUID of a Thunderbolt domain: a port during one boot."""
    return str(uuid.uuid5(uuid.UUID(boot_id), str(receptacle))).upper()
