# SPDX-License-Identifier: Apache-2.0
"""Interfaces and cables, as text for `ip -batch` in the backplane.

Each interface of a Mac is a veth pair whose other end is in the backplane, the network namespace of the fleet. There
the other ends of en0 are ports of one bridge (the management network), and a cable is a bridge with exactly two ports.
So a port exists whether something is plugged in or not, and pulling a cable is taking its two backplane ends down: both
Macs lose the carrier at once and keep everything else. At a Linux host the interface itself comes and goes with the
cable: there the pair is made when the cable is plugged in. Pure: nothing here runs a command.
"""

from collections.abc import Collection, Mapping
from typing import Any

from .description import Cable, Description, MacDescription
from .identity import linux_mac, nic_mac, port_mac

NETWORK = "192.168.64"
ROUTER = f"{NETWORK}.1"
CONTROL = f"{NETWORK}.10"
BRIDGED = "192.168.65"  # the network of Macs that are reached over their Thunderbolt Bridge
_FIRST_MAC = 11
_LARGEST_MTU = 65535  # the backplane shall never be what limits a Mac's MTU


def addresses(description: Description) -> dict[str, str]:
    """The management address of every Mac."""
    return {name: f"{NETWORK}.{_FIRST_MAC + i}" for i, name in enumerate(description.hosts)}


def bridge_address(description: Description, name: str) -> str:
    """The address that somebody typed into the Thunderbolt Bridge of a Mac with an uplink, "" where there is none."""
    number = _FIRST_MAC + list(description.hosts).index(name)
    return f"{BRIDGED}.{number}/24" if description.hosts[name].uplink else ""


def nics(description: Description, name: str) -> list[list[str]]:
    """The interfaces that are no Thunderbolt ports: [hardware port, device, MAC address]."""
    mac = description.hosts[name]
    if mac.linux:
        return [[mac.model.en0, "eth0", nic_mac(name, "eth0")]]
    found = [[mac.model.en0, "en0", nic_mac(name, "en0")]]
    if mac.model.en0 == "Ethernet" and "en1" not in mac.ports.values():
        found.append(["Wi-Fi", "en1", nic_mac(name, "en1")])
    return found


def backplane_port(description: Description, host: str, device: str) -> str:
    """The name of the backplane's end (15 characters are all that Linux allows)."""
    return f"h{list(description.hosts).index(host) + 1}.{device}"


def backplane() -> str:
    """The management network without anybody on it."""
    lines = [
        "link set lo up",
        "link add management type bridge mcast_snooping 0",
        f"addr add {ROUTER}/24 dev management",
        "link set management up",
    ]
    return _batch(lines)


def control(pid: int) -> str:
    """The control node's en0."""
    return _batch([*_pair("control.en0", "en0", "1c:f7:4e:00:00:0a", pid), *_on_management("control.en0")])


def control_inside() -> str:
    """What the control node does at its own end."""
    lines = ["link set lo up", f"addr add {CONTROL}/24 brd + dev en0"]
    lines += [f"addr add {BRIDGED}.10/24 brd + dev en0", "link set en0 up"]
    return _batch([*lines, f"route add default via {ROUTER}"])


def host(description: Description, name: str, pid: int) -> str:
    """All interfaces of a Mac whose process 1 is ``pid``, nothing plugged in but the Ethernet."""
    lines = []
    for _, device, address in nics(description, name):
        lines += _pair(backplane_port(description, name, device), device, address, pid)
    mac = description.hosts[name]
    for receptacle, device in mac.ports.items() if not mac.linux else ():
        lines += _pair(backplane_port(description, name, device), device, port_mac(name, receptacle), pid)
    if mac.uplink:
        lines += _on_management(backplane_port(description, name, mac.ports[mac.uplink]))
    if "unreachable" not in mac.faults:
        lines += _on_management(backplane_port(description, name, _first_nic(mac)))
    return _batch(lines)


def unplug_host(description: Description, name: str, present: Collection[str]) -> str:
    """Take away all interfaces of a host; the pairs go with their backplane ends."""
    devices = [device for _, device, _ in nics(description, name)] + list(description.hosts[name].ports.values())
    ports = [backplane_port(description, name, device) for device in devices]
    return _batch([f"link del {port}" for port in ports if port in present])


def cable_ports(description: Description, cable: Cable) -> list[str]:
    """The two backplane ends of a cable."""
    return [backplane_port(description, end[0], description.hosts[end[0]].ports[end[1]]) for end in cable.ends]


def lay_cable(number: int) -> str:
    """The cable itself, not plugged in yet."""
    return _batch([f"link add cable{number} type bridge mcast_snooping 0", f"link set cable{number} up"])


def connect(
    description: Description, number: int, plugged: bool, pids: Mapping[str, int], present: Collection[str]
) -> str:
    """Both ends of a cable as they shall be: attached, with a carrier or without.

    ``pids`` are the hosts' processes 1; ``present`` are the links that the backplane has now.
    """
    lines = []
    for i, (port, end) in enumerate(_cable_ends(description, number)):
        lit = plugged and has_carrier(description.cables[number], i)
        linux = description.hosts[end[0]].linux
        if linux and lit and port not in present:
            lines += _pair(port, "thunderbolt%d", linux_mac(*end), pids[end[0]])
        if linux and not lit:
            lines += unplug(description, port, end[0], present)
        else:
            lines.append(f"link set {port} master cable{number} {'up' if lit else 'down'}")
    return _batch(lines)


def unplug(description: Description, port: str, host: str, present: Collection[str]) -> list[str]:
    """One end of a cable, pulled out."""
    if description.hosts[host].linux:
        return [f"link del {port}"] if port in present else []
    return [f"link set {port} down"]


def _cable_ends(description: Description, number: int) -> list[tuple[str, tuple[str, int]]]:
    cable = description.cables[number]
    return list(zip(cable_ports(description, cable), cable.ends, strict=True))


def has_carrier(cable: Cable, end: int) -> bool:
    """Whether a plugged-in cable gives this end a link."""
    return cable.fault != "dead" and not (cable.fault == "half" and end == 1)


def slow_down(description: Description, number: int) -> list[list[str]]:
    """Arguments of `tc` that limit a slow cable in both directions."""
    cable = description.cables[number]
    if not cable.rate:
        return []
    limit = ["root", "tbf", "rate", cable.rate, "burst", "64kb", "latency", "50ms"]
    return [
        ["qdisc", "replace", "dev", port, *limit]
        for i, port in enumerate(cable_ports(description, cable))
        if has_carrier(cable, i)
    ]


def world(description: Description, domains: dict[str, dict[int, str]], plugged: list[bool]) -> dict[str, Any]:
    """What the firmware of all Macs together knows (see mac/machine.py)."""
    hosts = {}
    for name, mac in description.hosts.items():
        hosts[name] = {
            "system": "linux" if mac.linux else "macos",
            "model_id": mac.model_id,
            "marketing": mac.model.name,
            "rdma_switch": "enabled" if mac.rdma else "disabled",
            "rdma": mac.does_rdma,  # it lists devices, and offers the service to the other end of a cable
            "capable_gbps": mac.model.capable_gbps,
            "domains": {str(receptacle): domain for receptacle, domain in domains.get(name, {}).items()},
        }
    cables = [
        {
            "ends": cable.ends,
            "speed_gbps": cable.speed_gbps,
            "fault": cable.fault,
            "plugged": plugged[i],
            "through": cable.through,
        }
        for i, cable in enumerate(description.cables)
    ]
    broken = [[name, str(receptacle)] for name, mac in description.hosts.items() for receptacle in mac.rdma_broken]
    return {"hosts": hosts, "cables": cables, "rdma_broken": broken}


def _pair(port: str, device: str, address: str, pid: int) -> list[str]:
    return [f"link add {port} mtu {_LARGEST_MTU} type veth peer name {device} address {address} netns {pid}"]


def _first_nic(mac: MacDescription) -> str:
    return "eth0" if mac.linux else "en0"


def _on_management(port: str) -> list[str]:
    return [f"link set {port} master management up"]


def _batch(lines: list[str]) -> str:
    return "".join(line + "\n" for line in lines)
