# SPDX-License-Identifier: Apache-2.0
"""Every parser and codec that reads what a host, a file or a person wrote. A new one is one line in ``SUBJECTS``."""

from __future__ import annotations

import datetime
import json
import plistlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import codec, hostfile
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import facts as fabric_facts
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.linux import ip, keep, managers, thunderbolt
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.linux import rdma as infiniband
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.macos import (
    ifconfig,
    networksetup,
    preferences,
    rdma,
    routes,
    system_profiler,
    versions,
)

REPOSITORY = Path(__file__).resolve().parents[2]
RECORDINGS = REPOSITORY / "contracts" / "facts" / "recordings"
CAPTURES = REPOSITORY.parent / "shared" / "captures"  # of real machines; third-party, and so beside the repository


def _nothing(result: Any) -> None:
    """Any result will do."""


@dataclass(frozen=True)
class Subject:
    """Something that reads. ``kind`` says how its samples are varied: text, json, bytes, value (of JSON) or raw."""

    name: str
    read: Callable[[Any], Any]
    kind: str
    samples: tuple[Any, ...]
    check: Callable[[Any], None] = _nothing  # raises AssertionError for a fact that cannot be


def texts(recording: str, captures: str = "") -> tuple[str, ...]:
    """Our own recordings of this name, and the captures in this folder where there are any."""
    own = sorted(RECORDINGS.glob(f"*/{recording}*"))
    found = [*own, *(sorted((CAPTURES / captures).glob("*")) if captures and CAPTURES.is_dir() else [])]
    return tuple(path.read_bytes().decode("utf-8", "replace") for path in found)


def _raw_mac() -> dict[str, Any]:
    folder = RECORDINGS / "mac_studio"
    raw: dict[str, Any] = {
        key: (folder / f"{key}.txt").read_text(encoding="utf-8")
        for key in fabric_facts.MACOS_COMMANDS
        if (folder / f"{key}.txt").exists()
    }
    raw["preferences"] = (folder / "preferences.plist").read_bytes()
    raw[fabric_facts.GETINFO_PREFIX + "Thunderbolt Bridge"] = (folder / "getinfo_bridge.txt").read_text()
    raw[fabric_facts.GETINFO_PREFIX + "Cable (to the lab)"] = (folder / "getinfo_cable.txt").read_text()
    return raw


def _preference_files() -> tuple[bytes, ...]:
    """The property list in both of its forms."""
    own = plistlib.loads((RECORDINGS / "mac_studio" / "preferences.plist").read_bytes())
    own.update(when=datetime.datetime(2026, 2, 3), data=b"abc", size=7, share=0.5, names=["a", {"b": True}])
    return plistlib.dumps(own), plistlib.dumps(own, fmt=plistlib.FMT_BINARY)


def _vectors(folder: str, *keys: str) -> tuple[Any, ...]:
    """Parts of the golden vectors: of facts every host's."""
    found = []
    for path in sorted((REPOSITORY / "contracts" / folder).glob("*.json")):
        part = json.loads(path.read_text(encoding="utf-8"))
        for key in keys:
            part = part[key]
        found.extend(part.values() if keys == ("facts",) else [part])
    return tuple(found)


def _same_through_the_codec(facts: Any) -> None:
    """What a host read must pass the door of the control machine, and mean the same behind it."""
    _names_that_can_be_asked(
        tuple(service.name for port in facts.ports for service in (port.service, *port.services) if service)
    )
    assert codec.facts_from_dict(json.loads(json.dumps(codec.facts_to_dict(facts)))) == facts


def _names_that_can_be_asked(names: tuple[str, ...]) -> None:
    """A command is built from each: it is on one line, and nothing in it was lost while reading."""
    for name in names:
        assert name.strip() and min(name) >= " " and not set(name) & {"\x7f", "\ufffd"}, f"a name as {name!r}"


def _dumps_again(parsed: hostfile.Hostfile) -> None:
    assert hostfile.parse(hostfile.dump(parsed), "again") == parsed


def _hostfile(text: str) -> hostfile.Hostfile:
    return hostfile.parse(text, "fleet.json")


def _sysfs(text: str) -> Any:
    """One file after the other, as the tree would hold them."""
    return thunderbolt.parse_thunderbolt_sysfs(dict(line.partition("=")[::2] for line in text.split("\n")))


def _own_paths(files: tuple[Any, ...]) -> None:
    for file in files:
        assert keep.is_own(file.path), f"{file.path!r} would be written"


def _raw_linux() -> dict[str, Any]:
    tree = dict(line.partition("=")[::2] for line in _SYSFS.split("\n") if line)
    return {
        **{fabric_facts.SYSFS_PREFIX + path: content for path, content in tree.items()},
        **{"ip_addr": _IP_ADDR, "ip_route": _IP_ROUTE, "hostname": "box1\n", "kernel": "6.1.0-30-amd64\n"},
        **{"os_release": 'NAME="Debian"\nVERSION_ID="12"\n', "product_name": "NUC13\n", "boot": "1b4e\n"},
        **{"meminfo": "MemTotal:       16337524 kB\nMemFree: 1 kB\n", "ufw": "ENABLED=yes\n"},
        **{"nm_devices": _NM_DEVICES, "nm_connections": _NM_CONNECTIONS, "nm_properties": _NM_PROPERTIES},
        **{"netif:4": _NETIF, "processes": "systemd-network\nsystemd-udevd\n"},
        "interfaces": "auto br1\niface br1 inet static\n  bridge_ports eth1 thunderbolt0\n",
        "config:/etc/systemd/network/10-boltloom-thunderbolt-1.network": "# ours\n[Match]\nName=x\n",
    }


def _infiniband(text: str) -> Any:
    """The same of the RDMA devices of a Linux host."""
    return infiniband.parse_infiniband_sysfs(dict(line.partition("=")[::2] for line in text.split("\n")))


_INFINIBAND = (
    "class/infiniband/usb4_rdma0/node_guid=0200:0000:0000:0001\n"
    "class/infiniband/usb4_rdma0/device=devices/pci0000:00/domain0/0-0/0-1/0-1.1\n"
    "class/infiniband/usb4_rdma0/ports/1/state=4: ACTIVE\n"
    "class/infiniband/usb4_rdma0/ports/1/gids/1=0000:0000:0000:0000:0000:ffff:0a4d:0001\n"
    "class/infiniband/usb4_rdma0/ports/1/gid_attrs/ndevs/1=thunderbolt0\n"
    "class/net/thunderbolt0/device=devices/pci0000:00/domain0/0-0/0-1/0-1.0\n"
)
_SYSFS = (
    "bus/thunderbolt/devices/domain0=../../../devices/pci0000:00/0000:00:0d.2/domain0\n"
    "bus/thunderbolt/devices/0-0/unique_id=d1010780-0070-6c18-2372-c40eb5021e02\n"
    "bus/thunderbolt/devices/0-1/unique_id=c0000001-1111-4222-8333-000000000001\n"
    "bus/thunderbolt/devices/0-1/device_name=Mac16,9\nbus/thunderbolt/devices/0-0:1.1/device=0x15ee\n"
    "bus/thunderbolt/devices/1-0/unique_id=e1010780-0070-6c18-2372-c40eb5021e02\n"
    "bus/thunderbolt/devices/1-3/authorized=1\nbus/thunderbolt/devices/1-303/unique_id=aa-bb\n"
    "bus/thunderbolt/devices/0-1/rx_speed=20.0 Gb/s\nbus/thunderbolt/devices/0-1/rx_lanes=2\n"
    "bus/thunderbolt/devices/0-1.0/prtcid=1\nclass/net/thunderbolt0/device=../../../0-1.0\n"
)
_IP_ADDR = json.dumps(
    [
        {"ifname": "lo", "flags": ["LOOPBACK", "UP", "LOWER_UP"], "mtu": 65536, "addr_info": []},
        {
            "ifindex": 4,
            "ifname": "thunderbolt0",
            "flags": ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"],
            "mtu": 1500,
            "address": "02:71:5e:00:aa:bb",
            "addr_info": [{"family": "inet", "local": "10.77.0.1", "prefixlen": 30, "scope": "global"}],
        },
        {
            "ifname": "enp1s0",
            "flags": ["BROADCAST", "UP", "LOWER_UP"],
            "mtu": 1500,
            "address": "02:00:00:0b:00:00",
            "master": "br0",
            "addr_info": [{"family": "inet", "local": "192.0.2.1", "prefixlen": 24, "scope": "global"}],
        },
    ]
)
_IP_NEIGH = json.dumps(
    [{"dst": "fe80::1", "dev": "thunderbolt0", "lladdr": "12:71:5e:00:aa:bb", "state": ["REACHABLE"]}]
)
_IP_ROUTE = json.dumps(
    [
        {"dst": "default", "gateway": "192.0.2.254", "dev": "enp1s0", "flags": []},
        {"dst": "10.0.0.0/8", "nexthops": [{"gateway": "192.0.2.3", "dev": "enp1s0", "weight": 1, "flags": []}]},
    ]
)
_NM_DEVICES = (
    "thunderbolt0:connected:5f2c9d60-9d42-5a52-9d1a-0f64a5b8c301\neth0:connecting (getting IP configuration):"
    "016b9b38-05cc-30fa-80c8-f0d302f3c689\nlo:unmanaged:\n"
)
_NM_CONNECTIONS = (
    "016b9b38-05cc-30fa-80c8-f0d302f3c689:/run/NetworkManager/system-connections/Wired connection 1.nmconnection\n"
    f"{keep.connection_uuid(1)}:/etc/NetworkManager/system-connections/boltloom-thunderbolt-1.nmconnection\n"
)
_NM_PROPERTIES = (
    f"connection.id:Boltloom Thunderbolt 1\nconnection.uuid:{keep.connection_uuid(1)}\nconnection.type:802-3-ethernet\n"
    "connection.autoconnect:yes\nconnection.autoconnect-priority:100\nconnection.interface-name:\n"
    "802-3-ethernet.mac-address:02\\:71\\:5E\\:00\\:AA\\:BB\n802-3-ethernet.mtu:auto\nipv4.method:manual\n"
    "ipv4.addresses:10.77.0.1/30\nipv4.gateway:\nipv4.dns:\nipv4.routes:\nipv4.never-default:yes\n"
    "ipv6.method:link-local\nipv6.addresses:\n"
)
_NETIF = (
    "# This is private data. Do not parse.\nADMIN_STATE=configured\nOPER_STATE=routable\nREQUIRED_FOR_ONLINE=no\n"
    "NETWORK_FILE=/etc/systemd/network/10-boltloom-thunderbolt-1.network\nDNS=\n"
)
_RDMA = {
    "schema": 1,
    "switch": "enabled",
    "devices": [
        {
            "name": "rdma_en2",
            "port": 1,
            "active": True,
            "gids": [{"index": 0, "address": "fe80::1"}, {"index": 1, "address": "::ffff:10.77.0.1"}],
            "state": "PORT_ACTIVE",
            "device": "en2",
            "guid": "8096a9d9edbaac05",
            "max_qp": 11,
        }
    ],
    "verdict": "ready",
    "reason": "active: rdma_en2",
}
_HOSTFILES = tuple(json.dumps(vector) for vector in _vectors("hostfiles/good", "hostfile"))
_FACTS = _vectors("facts", "facts")

SUBJECTS: tuple[Subject, ...] = (
    Subject("getinfo", networksetup.parse_getinfo, "text", texts("getinfo", "networksetup-getinfo")),
    Subject("rdma_ctl", rdma.parse_rdma_ctl, "text", texts("rdma_ctl", "rdma_ctl")),
    Subject("ip addr", ip.parse_ip_addr, "json", (_IP_ADDR,)),
    Subject("ip route", ip.parse_ip_route, "json", (_IP_ROUTE,)),
    Subject("ip neigh", ip.parse_ip_neigh, "json", (_IP_NEIGH,)),
    Subject("sysfs", _sysfs, "text", (_SYSFS,)),
    Subject("nmcli device", managers.networkmanager_devices, "text", (_NM_DEVICES,)),
    Subject("nmcli connection", keep.own_connections, "text", (_NM_CONNECTIONS,)),
    Subject("nmcli properties", keep.connection_files, "text", (_NM_PROPERTIES,), _own_paths),
    Subject("networkd's link", managers.networkd_device, "text", (_NETIF,)),
    Subject("a whole Linux host", fabric_facts.linux_facts, "raw", (_raw_linux(),), _same_through_the_codec),
    Subject("ibv_devices", rdma.parse_ibv_devices, "text", texts("ibv_devices", "ibv_devices")),
    Subject("ibv_devinfo", rdma.parse_ibv_devinfo, "text", texts("ibv_devinfo", "ibv_devinfo")),
    Subject("infiniband", _infiniband, "text", (_INFINIBAND,)),
    Subject(
        "system_profiler",
        system_profiler.parse_system_profiler,
        "json",
        texts("system_profiler", "system_profiler-json"),
    ),
    Subject(
        "hardware ports",
        networksetup.parse_hardware_ports,
        "text",
        texts("hardware_ports", "networksetup-listallhardwareports"),
    ),
    Subject(
        "service order",
        networksetup.parse_service_order,
        "text",
        texts("service_order", "networksetup-listnetworkserviceorder"),
    ),
    Subject("service enabled", networksetup.parse_service_enabled, "text", ("Enabled\n", "Disabled\n")),
    Subject("ifconfig", ifconfig.parse_ifconfig, "text", texts("ifconfig", "ifconfig")),
    Subject("netstat", routes.parse_routes, "text", texts("netstat", "netstat-rn")),
    Subject("preferences", preferences.parse_configured_bridges, "bytes", _preference_files()),
    Subject("sw_vers", versions.parse_sw_vers, "text", texts("sw_vers", "sw_vers")),
    Subject("version", versions.version_numbers, "text", ("26.3.1", "26.10", "27")),
    Subject("a whole Mac", fabric_facts.macos_facts, "raw", (_raw_mac(),), _same_through_the_codec),
    Subject("services to ask", fabric_facts.services_to_ask, "raw", (_raw_mac(),), _names_that_can_be_asked),
    Subject("facts", codec.facts_from_dict, "value", _FACTS),
    Subject("rdma facts", codec.rdma_from_dict, "value", (_RDMA,)),
    Subject("plan", codec.plan_from_dict, "value", _vectors("facts", "plan")),
    Subject("hostfile", _hostfile, "json", _HOSTFILES, _dumps_again),
)
