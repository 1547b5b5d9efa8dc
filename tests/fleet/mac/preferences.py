# SPDX-License-Identifier: Apache-2.0
"""preferences.plist: what a Mac keeps of its network configuration over a reboot."""

import contextlib
import fcntl
import os
import plistlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

PATH = "/Library/Preferences/SystemConfiguration/preferences.plist"
_INACTIVE = "__INACTIVE__"


@dataclass(frozen=True)
class Service:
    """A network service of the current location, in service order."""

    identifier: str
    name: str
    port: str  # "Thunderbolt 2"
    device: str
    enabled: bool
    raw: dict[str, Any]

    @property
    def ipv4(self) -> dict[str, Any]:
        return dict(self.raw.get("IPv4", {}))

    @property
    def manual(self) -> tuple[str, str] | None:
        """The configured address and netmask."""
        if self.ipv4.get("ConfigMethod") != "Manual":
            return None
        return self.ipv4["Addresses"][0], self.ipv4["SubnetMasks"][0]


@contextlib.contextmanager
def locked(path: str = PATH) -> Iterator[None]:
    """Hold the lock that all of macOS's tools take before they change the file: a file beside it, with our number."""
    while True:
        handle = os.open(path + "-lock", os.O_WRONLY | os.O_CREAT, 0o644)
        fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            ours = os.fstat(handle).st_ino == os.stat(path + "-lock").st_ino
        except FileNotFoundError:
            ours = False
        if ours:
            break
        os.close(handle)  # whoever had it took the file away
    os.write(handle, f"{os.getpid()}\n".encode())
    try:
        yield
    finally:
        os.unlink(path + "-lock")
        os.close(handle)


class Preferences:
    """The file in memory; :meth:`save` writes it."""

    def __init__(self, path: str = PATH) -> None:
        self.path = path
        with open(path, "rb") as file:
            self.data: dict[str, Any] = plistlib.load(file)

    def save(self) -> None:
        with open(self.path + ".new", "wb") as file:
            plistlib.dump(self.data, file, sort_keys=False)
        os.chmod(self.path + ".new", 0o644)
        os.rename(self.path + ".new", self.path)

    @property
    def location(self) -> dict[str, Any]:
        """The current location ("set")."""
        return self.data["Sets"][self.data["CurrentSet"].rsplit("/", 1)[1]]  # type: ignore[no-any-return]

    @property
    def order(self) -> list[str]:
        """Identifiers of the current location's services."""
        return self.location["Network"]["Global"]["IPv4"]["ServiceOrder"]  # type: ignore[no-any-return]

    def services(self) -> list[Service]:
        """The services of the current location."""
        return [self._service(identifier) for identifier in self.order if identifier in self.data["NetworkServices"]]

    def _service(self, identifier: str) -> Service:
        raw = self.data["NetworkServices"][identifier]
        interface = raw["Interface"]
        return Service(
            identifier,
            raw["UserDefinedName"],
            interface["UserDefinedName"],
            interface["DeviceName"],
            not raw.get(_INACTIVE),
            raw,
        )

    def service_named(self, name: str) -> Service | None:
        return next((service for service in self.services() if service.name == name), None)

    def bridges(self) -> dict[str, list[str]]:
        """Bridges to be made at boot, with their members."""
        configured = self.data.get("VirtualNetworkInterfaces", {}).get("Bridge", {})
        return {name: list(bridge.get("Interfaces", [])) for name, bridge in configured.items()}

    def add_service(self, name: str, port: str, device: str, location: dict[str, Any] | None = None) -> None:
        identifier = str(uuid.uuid4()).upper()
        kind = "Bridge" if device.startswith("bridge") else "Ethernet"
        self.data["NetworkServices"][identifier] = {
            "DNS": {},
            "IPv4": {"ConfigMethod": "DHCP"},
            "IPv6": {"ConfigMethod": "Automatic"},
            "Interface": {"DeviceName": device, "Hardware": kind, "Type": kind, "UserDefinedName": port},
            "Proxies": {"ExceptionsList": ["*.local", "169.254/16"], "FTPPassive": 1},
            "SMB": {},
            "UserDefinedName": name,
        }
        network = (location or self.location)["Network"]
        network["Service"][identifier] = {"__LINK__": f"/NetworkServices/{identifier}"}
        network["Global"]["IPv4"]["ServiceOrder"].append(identifier)

    def remove_service(self, service: Service) -> None:
        self.order.remove(service.identifier)
        del self.location["Network"]["Service"][service.identifier]
        del self.data["NetworkServices"][service.identifier]

    def enable(self, service: Service, enabled: bool) -> None:
        if enabled:
            service.raw.pop(_INACTIVE, None)
        else:
            service.raw[_INACTIVE] = 1

    def mtu(self, device: str) -> int:
        """What is set for an interface, 0 if nothing is."""
        interface = self.location["Network"].get("Interface", {}).get(device, {})
        return int(interface.get("Ethernet", {}).get("MTU", 0))

    def set_mtu(self, device: str, mtu: int) -> None:
        """1500 is what every interface has without a setting."""
        interfaces = self.location["Network"].setdefault("Interface", {})
        if mtu == 1500:
            interfaces.pop(device, None)
        else:
            interfaces[device] = {"Ethernet": {"MTU": mtu}}

    def add_location(self, name: str) -> dict[str, Any]:
        location: dict[str, Any] = {
            "Network": {"Global": {"IPv4": {"ServiceOrder": []}}, "Interface": {}, "Service": {}},
            "UserDefinedName": name,
        }
        self.data["Sets"][str(uuid.uuid4()).upper()] = location
        return location

    def location_id(self, name: str) -> str | None:
        sets = self.data["Sets"].items()
        return next((identifier for identifier, location in sets if location["UserDefinedName"] == name), None)


def factory_preferences(mac: dict[str, Any]) -> dict[str, Any]:
    """What a new Mac has: one service per network card and one for the Thunderbolt Bridge, none for the ports."""
    preferences = Preferences.__new__(Preferences)
    preferences.data = {
        "Model": mac["model_id"],
        "NetworkServices": {},
        "Sets": {},
        "System": {"System": {"ComputerName": mac["name"], "HostName": mac["name"]}},
        "VirtualNetworkInterfaces": {},
    }
    location = preferences.add_location("Automatic")
    preferences.data["CurrentSet"] = "/Sets/" + next(iter(preferences.data["Sets"]))
    for port, device, _ in mac["nics"]:
        preferences.add_service(port, port, device, location)
    if mac["bridge"]:
        members = [mac["ports"][number] for number in sorted(mac["ports"], key=int)]
        bridge = {"Interfaces": members, "Options": {"__AUTO__": "thunderbolt-bridge"}}
        preferences.data["VirtualNetworkInterfaces"] = {"Bridge": {"bridge0": bridge}}
        preferences.add_service("Thunderbolt Bridge", "Thunderbolt Bridge", "bridge0", location)
        if mac["bridge_address"]:
            address = {"Addresses": [mac["bridge_address"].split("/")[0]], "SubnetMasks": ["255.255.255.0"]}
            list(preferences.data["NetworkServices"].values())[-1]["IPv4"] = {"ConfigMethod": "Manual", **address}
    return preferences.data
