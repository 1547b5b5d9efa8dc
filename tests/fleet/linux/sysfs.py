# SPDX-License-Identifier: Apache-2.0
"""What the thunderbolt drivers show in /sys: controllers, what is at their ports, and on what an interface hangs.

The interfaces are real and of the host's own network namespace, and so is /sys/class/net. Only the link `device` of an
interface of a cable is ours: a layer over its directory, which goes with the interface.
"""

import os
import shutil
import uuid
from typing import Any

import kernel
from mac import firmware, machine  # what a port sees does not depend on the system that looks

_DEVICES = "/sys/bus/thunderbolt/devices"
_LAYERS = "/.fleet/layers"
_LANES = 2
_RDMA = 64087


def show() -> None:
    """Make /sys show what is plugged in now."""
    this, world = machine.this_mac(), machine.world()
    wanted = _entries(this, world)
    for name in os.listdir(_DEVICES):
        _remove(f"{_DEVICES}/{name}")
    for name, files in wanted.items():
        if isinstance(files, str):
            os.symlink(files, f"{_DEVICES}/{name}")
            continue
        os.mkdir(f"{_DEVICES}/{name}")
        for file, content in files.items():
            with open(f"{_DEVICES}/{name}/{file}", "w", encoding="utf-8") as target:
                target.write(content + "\n")
    _show_interfaces(this, world)


def domain_of(this: dict[str, Any], receptacle: str) -> int:
    """The number that the kernel gave the controller of a receptacle at this boot: another order at each second one."""
    controllers = sorted(set(this["controllers"].values()))
    if uuid.UUID(_boot_id()).int & 1:
        controllers.reverse()
    return controllers.index(this["controllers"][receptacle])


def _boot_id() -> str:
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


def _entries(this: dict[str, Any], world: dict[str, Any]) -> dict[str, "dict[str, str] | str"]:
    """Name -> its files, or the target of the link that it is."""
    found: dict[str, dict[str, str] | str] = {}
    own = world["hosts"][this["name"]]["domains"]
    for receptacle, controller in this["controllers"].items():
        domain = domain_of(this, receptacle)
        found[f"domain{domain}"] = f"../../../devices/pci0000:00/0000:00:0d.{controller + 2}/domain{domain}"
        found[f"{domain}-0"] = {"unique_id": own[receptacle].lower(), "generation": "4", "authorized": "1"}
        peer = firmware.peer_of(world, this["name"], int(receptacle))
        if peer is not None:
            found.update(_peer(f"{domain}-", 2 * ((int(receptacle) - 1) % 2) + 1, peer, world))
    return found


def _peer(prefix: str, adapter: int, peer: firmware.Other, world: dict[str, Any]) -> dict[str, dict[str, str]]:
    host = world["hosts"][peer.host]
    linux = host["system"] == "linux"
    speed = {"rx_speed": f"{peer.gbps / _LANES:.1f} Gb/s", "rx_lanes": str(_LANES)}
    speed |= {"tx_speed": speed["rx_speed"], "tx_lanes": str(_LANES)}
    found = {}
    route = f"{adapter:x}"
    if peer.through:
        found[prefix + route] = {
            "unique_id": str(uuid.uuid5(uuid.NAMESPACE_OID, peer.through)),
            "vendor_name": "CalDigit, Inc.",
            "device_name": "TS5 Plus",
            "authorized": "1",
            **speed,
        }
        route = f"3{adapter:02x}"
    name = prefix + route
    found[name] = {
        "unique_id": host["domains"][str(peer.receptacle)].lower(),
        "vendor": "0x8086" if linux else "0xa27",
        "device": "0x1" if linux else "0xa",
        "vendor_name": "Intel Corp." if linux else "Apple Inc.",
        "device_name": peer.host if linux else host["model_id"],
        "maxhopid": "15",
        **speed,
    }
    found[name + ".0"] = {"key": "network", "prtcid": "1", "prtcvers": "1", "prtcrevs": "1", "prtcstns": "0"}
    if host["rdma"]:
        found[name + ".1"] = {"key": "\\xff\\xff\\xff\\xff\\xff\\xffAD", "prtcid": str(_RDMA), "prtcvers": "1"}
    return found


def _show_interfaces(this: dict[str, Any], world: dict[str, Any]) -> None:
    services = {}
    for receptacle, mac in this["macs"].items():
        peer = firmware.peer_of(world, this["name"], int(receptacle))
        if peer is not None:
            adapter = 2 * ((int(receptacle) - 1) % 2) + 1
            route = f"3{adapter:02x}" if peer.through else f"{adapter:x}"
            services[mac] = f"{domain_of(this, receptacle)}-{route}.0"
    for name in os.listdir("/sys/class/net"):
        with open(f"/sys/class/net/{name}/address", encoding="ascii") as file:
            service = services.get(file.read().strip())
        if service is not None and not os.path.islink(f"/sys/class/net/{name}/device"):
            _hang_on(name, service)


def _hang_on(name: str, service: str) -> None:
    folder = os.path.realpath(f"/sys/class/net/{name}")
    layer = f"{_LAYERS}/{name}-{len(os.listdir(_LAYERS))}"
    os.makedirs(layer + "/upper")
    os.mkdir(layer + "/work")
    os.symlink(f"../../../{service.rpartition('.')[0]}/{service}", layer + "/upper/device")
    kernel.mount("overlay", folder, "overlay", 0, f"lowerdir={folder},upperdir={layer}/upper,workdir={layer}/work")


def _remove(path: str) -> None:
    if os.path.islink(path):
        os.unlink(path)
    else:
        shutil.rmtree(path)
