# SPDX-License-Identifier: Apache-2.0
"""What this Mac's Thunderbolt controllers see: buses and what is plugged in, by the keys of system_profiler."""

from dataclasses import dataclass
from typing import Any

from mac import machine

_SERVICE_KEY = "\u02c7" * 6 + "AD"  # the bytes FF FF FF FF FF FF 'A' 'D' as MacRoman
_IP = 1
_RDMA = 64087

_DOCK_PORT = {
    "current_speed_key": "Up to 120 Gb/s",
    "link_status_key": "0x7",
    "receptacle_status_key": "receptacle_no_devices_connected",
}
_DEVICES: dict[str, dict[str, Any]] = {
    "dock": {
        "_name": "TS5 Plus",
        "device_id_key": "0x5D2",
        "device_revision_key": "0x1",
        "mode_key": "usb_four_v2",
        "speed": "80 Gb/s",
        "firmware": ("micro_version_key", "1.2.0"),
        "switch_uid_key": "0x8086C9A1B2D3E400",
        "switch_version_key": "44.82",
        "vendor_id_key": "0x003D",
        "vendor_name_key": "CalDigit, Inc.",
        "ports": 2,
    },
    "drive": {
        "_name": "Express 4M2",
        "device_id_key": "0xDE34",
        "device_revision_key": "0x1",
        "mode_key": "thunderbolt_three",
        "speed": "40 Gb/s",
        "firmware": ("lc_version_key", "1.58.0"),
        "switch_uid_key": "0x005AD3C0FFEE4200",
        "switch_version_key": "33.1",
        "vendor_id_key": "0x005A",
        "vendor_name_key": "Other World Computing",
        "ports": 0,
    },
    "display": {
        "_name": "Studio Display",
        "device_id_key": "0x801F",
        "device_revision_key": "0x1",
        "mode_key": "thunderbolt_three",
        "speed": "20 Gb/s",
        "firmware": ("lc_version_key", "1.45.0"),
        "switch_uid_key": "0x000196C394A8D900",
        "switch_version_key": "67.1",
        "vendor_id_key": "0x0001",
        "vendor_name_key": "Apple Inc.",
        "ports": 0,
    },
}


@dataclass(frozen=True)
class Other:
    """The other end of a cable."""

    host: str
    receptacle: int
    gbps: int
    through: str  # device between us and it, "" for none


def peer_of(world: dict[str, Any], host: str, receptacle: int) -> Other | None:
    """The Mac that a port sees. A cable that is half plugged in is seen from one end only."""
    for cable in world["cables"]:
        ends = [tuple(end) for end in cable["ends"]]
        if (host, receptacle) not in ends or not cable["plugged"]:
            continue
        near = ends.index((host, receptacle))
        if cable["fault"] == "dead" or (cable["fault"] == "half" and near == 1):
            return None
        far_host, far_receptacle = ends[1 - near]
        slower = min(world["hosts"][h]["capable_gbps"] for h in (host, far_host))
        gbps = cable["speed_gbps"] or (80 if slower > 40 else 40)
        return Other(far_host, far_receptacle, gbps, cable["through"] if near == 0 else "")
    return None


def buses() -> list[dict[str, Any]]:
    """One bus per receptacle, the highest first."""
    mac, world = machine.this_mac(), machine.world()
    return [_bus(mac, world, int(number)) for number in sorted(mac["ports"], key=int, reverse=True)]


def _bus(mac: dict[str, Any], world: dict[str, Any], receptacle: int) -> dict[str, Any]:
    number = str(receptacle)
    items = []
    speed = ""
    peer = peer_of(world, mac["name"], receptacle)
    if peer is not None:
        item = _peer(peer.host, world["hosts"][peer.host], peer.receptacle)
        items.append({**_device(peer.through), "_items": [item]} if peer.through else item)
        speed = f"{peer.gbps} Gb/s"
    elif number in mac["devices"]:
        items.append(_device(mac["devices"][number]))
        speed = _DEVICES[mac["devices"][number]]["speed"]
    bus = {
        "_name": f"thunderboltusb4_bus_{receptacle - 1}",
        "device_name_key": mac["marketing"],
        "domain_uuid_key": world["hosts"][mac["name"]]["domains"][number],
        "receptacle_1_tag": _receptacle(mac, receptacle, speed),
        "route_string_key": "0",
        "switch_uid_key": mac["uids"][number],
        "vendor_name_key": "Apple Inc.",
    }
    return {**bus, "_items": items} if items else bus


def _receptacle(mac: dict[str, Any], receptacle: int, speed: str) -> dict[str, str]:
    tag = {
        "current_speed_key": speed or f"Up to {mac['capable_gbps']} Gb/s",
        "link_status_key": "0x2" if speed else "0x100",
        "receptacle_id_key": str(receptacle),
        "receptacle_status_key": "receptacle_connected" if speed else "receptacle_no_devices_connected",
    }
    return {**tag, "micro_version_key": "0.0.0"} if speed else tag


def _service_uuid(domain: str, kind: int) -> str:
    """Another UUID for each service, new at each boot like the domain's own."""
    number = int(domain.replace("-", ""), 16) ^ (kind * 0x9E3779B97F4A7C15)
    digits = f"{number:032X}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _peer(name: str, host: dict[str, Any], receptacle: int) -> dict[str, Any]:
    domain = host["domains"][str(receptacle)]
    services: list[dict[str, Any]] = [
        {
            "_name": "service_ip",
            "protocol_id_key": _IP,
            "protocol_revision_key": 1,
            "protocol_version_key": 1,
            "service_uuid_key": _service_uuid(domain, _IP),
        }
    ]
    if host["rdma"]:
        services.append(
            {
                "_name": "unknown_xd_service",
                "protocol_id_key": _RDMA,
                "protocol_revision_key": 0,
                "protocol_version_key": 1,
                "service_key_key": _SERVICE_KEY,
                "service_uuid_key": _service_uuid(domain, _RDMA),
            }
        )
    if host["system"] == "linux":  # says its host name, and is always of "Intel"
        return {
            "_name": name,
            "device_id_key": "0x1",
            "device_name_key": name,
            "domain_uuid_key": domain,
            "services_title": services,
            "vendor_id_key": "0x8086",
            "vendor_name_key": "Intel Corp.",
        }
    return {
        "_name": host["marketing"],
        "device_id_key": "0xA",
        "device_name_key": host["model_id"],
        "domain_uuid_key": domain,
        "services_title": services,
        "vendor_id_key": "0x0A27",
        "vendor_name_key": "Apple Inc.",
    }


def _device(kind: str) -> dict[str, Any]:
    facts = dict(_DEVICES[kind])
    speed, ports = facts.pop("speed"), facts.pop("ports")
    firmware_key, firmware_version = facts.pop("firmware")
    facts["device_name_key"] = facts["_name"]
    facts["route_string_key"] = "1"
    facts["receptacle_upstream_ambiguous_tag"] = {
        "current_speed_key": speed,
        "link_status_key": "0x2",
        firmware_key: firmware_version,
        "receptacle_status_key": "receptacle_connected",
    }
    for number in range(ports):
        facts[f"receptacle_{number + 2}_tag"] = {**_DOCK_PORT, firmware_key: firmware_version}
    return facts
