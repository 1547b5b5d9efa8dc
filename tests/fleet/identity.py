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


def domain_uuid(boot_id: str, receptacle: int) -> str:
    """The UUID of a Thunderbolt domain: a port during one boot."""
    return str(uuid.uuid5(uuid.UUID(boot_id), str(receptacle))).upper()
