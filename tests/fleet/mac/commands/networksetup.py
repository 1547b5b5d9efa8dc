# SPDX-License-Identifier: Apache-2.0
"""networksetup: reads and writes the preferences, and has them applied at once. Errors come on standard output."""

import contextlib
from collections.abc import Callable

from mac import configuration, machine
from mac.links import Link, dotted, ip, links, mask_number, number_of, prefix_of
from mac.preferences import Preferences, Service, locked

_HEADER = "An asterisk (*) denotes that a network service is disabled."
_PARAMETERS = "** Error: The parameters were not valid."
_ADMIN = "** Error: Command requires admin privileges."


class Refusal(Exception):
    """What networksetup says, with its exit code."""

    def __init__(self, text: str, code: int = 4) -> None:
        super().__init__(text)
        self.code = code


def _service(preferences: Preferences, name: str) -> Service:
    service = preferences.service_named(name)
    if service is None:
        raise Refusal(f"{name} is not a recognized network service.\n{_PARAMETERS}")
    return service


def _hardware_ports() -> list[tuple[str, str, str]]:
    mac = machine.this_mac()
    ports = [(port, device, address) for port, device, address in mac["nics"]]
    ports += [(f"Thunderbolt {n}", device, mac["macs"][n]) for n, device in mac["ports"].items()]
    if "bridge0" in Preferences().bridges():
        ports.append(("Thunderbolt Bridge", "bridge0", mac["macs"][min(mac["ports"], key=int)]))
    return ports


def _list_all_hardware_ports() -> None:
    for port, device, address in _hardware_ports():
        print(f"\nHardware Port: {port}\nDevice: {device}\nEthernet Address: {address}")
    print("\nVLAN Configurations\n===================")


def _list_network_service_order() -> None:
    print(_HEADER)
    for number, service in enumerate(Preferences().services(), 1):
        print(f"({number if service.enabled else '*'}) {service.name}")
        print(f"(Hardware Port: {service.port}, Device: {service.device})\n")


def _list_all_network_services() -> None:
    print(_HEADER)
    for service in Preferences().services():
        print(("" if service.enabled else "*") + service.name)


def _get_info(name: str) -> None:
    service = _service(Preferences(), name)
    link = links().get(service.device)
    if service.manual:
        address, mask = service.manual
        print("Manual Configuration")
        print(f"IP address: {address}\nSubnet mask: {mask}\nRouter: {service.ipv4.get('Router') or '(null)'}")
    else:
        print("DHCP Configuration")
        known = machine.remembered("applied", {}).get(service.device, [])
        for address, length in link.inet if link and known else []:
            print(f"IP address: {address}\nSubnet mask: {dotted(mask_number(length))}")
            print(f"Router: {machine.this_mac()['router']}")
        print("Client ID:")
    method = service.raw.get("IPv6", {}).get("ConfigMethod", "Off")
    print(f"IPv6: {'Link Local' if method == 'LinkLocal' else method}")
    if method != "Off":
        print("IPv6 IP address: none\nIPv6 Router: none")
    if not service.device.startswith("bridge"):
        label = "Wi-Fi ID" if service.port == "Wi-Fi" else "Ethernet Address"
        print(f"{label}: {link.mac if link else '(null)'}")


def _get_dns_servers(name: str) -> None:
    servers = _service(Preferences(), name).raw.get("DNS", {}).get("ServerAddresses", [])
    print("\n".join(servers) if servers else f"There aren't any DNS Servers set on {name}.")


def _get_enabled(name: str) -> None:
    print("Enabled" if _service(Preferences(), name).enabled else "Disabled")


def _get_mtu(name: str) -> None:
    link = _link_of(name)
    configured = Preferences().mtu(link.name) or 1500
    print(f"Active MTU: {link.mtu} (Current Setting: {configured})")


def _set_mtu(name: str, mtu: str) -> None:
    link = _link_of(name)
    if not mtu.isdigit() or not 1280 <= int(mtu) <= 16000:
        raise Refusal(f"** Error: The MTU must be between 1280 and 16000.\n{_PARAMETERS}")
    preferences = Preferences()
    preferences.set_mtu(link.name, int(mtu))
    preferences.save()
    ip("link", "set", link.name, "mtu", mtu)


def _link_of(name: str) -> Link:
    device = next((device for port, device, _ in _hardware_ports() if name in (port, device)), "")
    link = links().get(device)
    if link is None:
        raise Refusal(f"{name} is not a recognized hardware port.\n{_PARAMETERS}")
    return link


def _list_locations() -> None:
    for location in Preferences().data["Sets"].values():
        print(location["UserDefinedName"])


def _get_current_location() -> None:
    print(Preferences().location["UserDefinedName"])


def _get_computer_name() -> None:
    print(Preferences().data["System"]["System"]["ComputerName"])


def _changed(preferences: Preferences, *devices: str) -> None:
    """Keep the change and let it take effect."""
    preferences.save()
    for device in devices:
        configuration.apply(device, preferences)


def _set_ipv4(name: str, ipv4: dict[str, object]) -> None:
    preferences = Preferences()
    service = _service(preferences, name)
    service.raw["IPv4"] = ipv4
    _changed(preferences, service.device)


def _set_manual(name: str, address: str, mask: str, router: str = "") -> None:
    _service(Preferences(), name)
    try:
        number_of(address)
        mask = dotted(mask_number(prefix_of(mask)))
        if router:
            number_of(router)
    except ValueError as error:
        raise Refusal(f"{error} is not a valid IP address.\n{_PARAMETERS}") from None
    ipv4: dict[str, object] = {"Addresses": [address], "ConfigMethod": "Manual", "SubnetMasks": [mask]}
    _set_ipv4(name, {**ipv4, "Router": router} if router else ipv4)


def _set_dhcp(name: str, _client: str = "") -> None:
    _set_ipv4(name, {"ConfigMethod": "DHCP"})


def _set_v4_off(name: str) -> None:
    _set_ipv4(name, {"ConfigMethod": "Off"})


def _set_dns_servers(name: str, *servers: str) -> None:
    preferences = Preferences()
    service = _service(preferences, name)
    service.raw["DNS"] = {} if servers == ("empty",) else {"ServerAddresses": list(servers)}
    _changed(preferences)


def _set_ipv6(method: str) -> Callable[[str], None]:
    def change(name: str) -> None:
        preferences = Preferences()
        service = _service(preferences, name)
        service.raw["IPv6"] = {"ConfigMethod": method}
        _changed(preferences, service.device)

    return change


def _create_service(name: str, port: str) -> None:
    preferences = Preferences()
    device = next((device for known, device, _ in _hardware_ports() if known == port), None)
    if device is None:
        raise Refusal(f"{port} is not a recognized hardware port.\n{_PARAMETERS}")
    if preferences.service_named(name) is not None:
        raise Refusal(f"{name} is already a network service.\n{_PARAMETERS}")
    preferences.add_service(name, port, device)
    _changed(preferences, device)


def _remove_service(name: str) -> None:
    preferences = Preferences()
    service = _service(preferences, name)
    if sum(other.device == service.device for other in preferences.services()) == 1:
        raise Refusal(f"** Error: {name} is the last service of its port: it can only be disabled.", 5)
    preferences.remove_service(service)
    _changed(preferences, service.device)


def _rename_service(old: str, new: str) -> None:
    preferences = Preferences()
    _service(preferences, old).raw["UserDefinedName"] = new
    _changed(preferences)


def _set_enabled(name: str, word: str) -> None:
    if word not in ("on", "off"):
        raise Refusal(_PARAMETERS)
    preferences = Preferences()
    service = _service(preferences, name)
    preferences.enable(service, word == "on")
    _changed(preferences, service.device)


def _order_services(*names: str) -> None:
    preferences = Preferences()
    services = [_service(preferences, name) for name in names]
    if sorted(s.identifier for s in services) != sorted(preferences.order):
        raise Refusal(f"** Error: All network services must be listed.\n{_PARAMETERS}")
    preferences.order[:] = [service.identifier for service in services]
    _changed(preferences, *(service.device for service in services))


def _create_location(name: str, populate: str = "") -> None:
    preferences = Preferences()
    location = preferences.add_location(name)
    if populate == "populate":
        for port, device, _ in _hardware_ports():
            if not port.startswith("Thunderbolt ") or device == "bridge0":
                preferences.add_service(port, port, device, location)
    _changed(preferences)


def _switch_to_location(name: str) -> None:
    preferences = Preferences()
    identifier = preferences.location_id(name)
    if identifier is None:
        raise Refusal(f"** Error: Unable to find location {name}.\n{_PARAMETERS}")
    preferences.data["CurrentSet"] = "/Sets/" + identifier
    _changed(preferences, *machine.this_mac()["ports"].values())


def _delete_location(name: str) -> None:
    preferences = Preferences()
    identifier = preferences.location_id(name)
    if identifier is None or preferences.data["CurrentSet"].endswith(identifier):
        raise Refusal(_PARAMETERS)
    del preferences.data["Sets"][identifier]
    _changed(preferences)


_ANY = 99
_READERS: dict[str, tuple[Callable[..., None], int, int]] = {  # verb: (action, fewest, most parameters)
    "getcomputername": (_get_computer_name, 0, 0),
    "getcurrentlocation": (_get_current_location, 0, 0),
    "getdnsservers": (_get_dns_servers, 1, 1),
    "getmtu": (_get_mtu, 1, 1),
    "getinfo": (_get_info, 1, 1),
    "getnetworkserviceenabled": (_get_enabled, 1, 1),
    "listallhardwareports": (_list_all_hardware_ports, 0, 0),
    "listallnetworkservices": (_list_all_network_services, 0, 0),
    "listlocations": (_list_locations, 0, 0),
    "listnetworkserviceorder": (_list_network_service_order, 0, 0),
}
_WRITERS: dict[str, tuple[Callable[..., None], int, int]] = {
    "createlocation": (_create_location, 1, 2),
    "createnetworkservice": (_create_service, 2, 2),
    "deletelocation": (_delete_location, 1, 1),
    "ordernetworkservices": (_order_services, 1, _ANY),
    "removenetworkservice": (_remove_service, 1, 1),
    "renamenetworkservice": (_rename_service, 2, 2),
    "setdnsservers": (_set_dns_servers, 2, _ANY),
    "setdhcp": (_set_dhcp, 1, 2),
    "setmtu": (_set_mtu, 2, 2),
    "setmanual": (_set_manual, 3, 4),
    "setnetworkserviceenabled": (_set_enabled, 2, 2),
    "setv4off": (_set_v4_off, 1, 1),
    "setv6linklocal": (_set_ipv6("LinkLocal"), 1, 1),
    "setv6automatic": (_set_ipv6("Automatic"), 1, 1),
    "setv6off": (_set_ipv6("Off"), 1, 1),
    "switchtolocation": (_switch_to_location, 1, 1),
}


def _run(verb: str, parameters: list[str]) -> None:
    action, fewest, most = {**_READERS, **_WRITERS}[verb]
    if not fewest <= len(parameters) <= most:
        raise Refusal(f"networksetup: -{verb} takes another number of parameters\n{_PARAMETERS}")
    if verb in _WRITERS and not machine.is_root():
        raise Refusal(_ADMIN, 14)
    with locked() if verb in _WRITERS else contextlib.nullcontext():
        action(*parameters)


def main(arguments: list[str]) -> int:
    verb = arguments[0].lstrip("-").lower() if arguments else ""
    if verb not in _READERS and verb not in _WRITERS:
        print(f"{arguments[0] if arguments else ''} is not a recognized command.\nnetworksetup -help for help.")
        return 1 if arguments else 0
    try:
        _run(verb, arguments[1:])
    except Refusal as refusal:
        print(refusal)
        return refusal.code
    return 0
