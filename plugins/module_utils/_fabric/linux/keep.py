# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The files of our own that keep a port's address on Linux: one per port, in the language of its manager.

The interface of a cable comes and goes with the cable, and its name with the order in which cables come.
So a file names the interface by its MAC address, which the driver makes of the controller's identity and
the receptacle. Only these files are ever written; what the user configured stays as it is, and ours comes first.
"""

from __future__ import annotations

import re
import uuid
from typing import Dict, List, Mapping, Optional, Tuple

from ..errors import TopologyError
from ..model import ConfigFile, Port, WantPort
from .managers import NETWORKD, NETWORKMANAGER, UDEV, terse_lines

_FOLDERS = {
    NETWORKMANAGER: ("/etc/NetworkManager/system-connections/boltloom-thunderbolt-", ".nmconnection"),
    NETWORKD: ("/etc/systemd/network/10-boltloom-thunderbolt-", ".network"),
    UDEV: ("/etc/udev/rules.d/80-boltloom-thunderbolt-", ".rules"),
}
_MTU_RULE = ("/etc/udev/rules.d/81-boltloom-mtu-", ".rules")  # whoever manages the port: udev sees it first
MODES = {NETWORKMANAGER: 0o600, NETWORKD: 0o644, UDEV: 0o644}  # NetworkManager ignores what others may read

_PLAIN_NAME = re.compile(r"[A-Za-z0-9._-]{1,15}\Z")
_NAMESPACE = uuid.UUID("6f2d1d0e-6c53-5c3b-9a43-6d1a4c1f0b9e")
_HIGHEST_RECEPTACLE = 64
_HEAD = "# Written by boltloom.cluster for the cable at Thunderbolt {0}. Its playbook `restore` removes it.\n"
_PRIORITY = "100"  # before any connection of the user, whose priority is 0 if he did not say

# What NetworkManager shall know of a connection of ours: property -> (section and key of the keyfile), in its order.
_PROPERTIES: Tuple[Tuple[str, str, str], ...] = (
    ("connection.id", "connection", "id"),
    ("connection.uuid", "connection", "uuid"),
    ("connection.type", "connection", "type"),
    ("connection.autoconnect", "connection", "autoconnect"),
    ("connection.autoconnect-priority", "connection", "autoconnect-priority"),
    ("connection.interface-name", "connection", "interface-name"),
    ("802-3-ethernet.mac-address", "ethernet", "mac-address"),
    ("802-3-ethernet.mtu", "ethernet", "mtu"),
    ("ipv4.method", "ipv4", "method"),
    ("ipv4.addresses", "ipv4", "address1"),
    ("ipv4.gateway", "ipv4", "gateway"),
    ("ipv4.dns", "ipv4", "dns"),
    ("ipv4.routes", "ipv4", "routes"),
    ("ipv4.never-default", "ipv4", "never-default"),
    ("ipv6.method", "ipv6", "method"),
    ("ipv6.addresses", "ipv6", "address1"),
)
# What a property is where nobody said anything: nmcli shows it, a keyfile leaves it out.
_DEFAULTS = {
    "connection.autoconnect": "yes",
    "802-3-ethernet.mtu": "auto",
    "connection.autoconnect-priority": "0",
    "ipv4.never-default": "no",
}
_SPELLINGS = {"802-3-ethernet": "ethernet", "yes": "true", "no": "false"}  # nmcli's -> the keyfile's
NM_PROPERTIES = ("nmcli", "-t", "-f", ",".join(name for name, _section, _key in _PROPERTIES), "connection", "show")


def connection_uuid(receptacle: int) -> str:
    """The UUID of our connection at a receptacle. It need be unique on its host only."""
    return str(uuid.uuid5(_NAMESPACE, "thunderbolt {0}".format(receptacle)))


_RECEPTACLES = {connection_uuid(number): number for number in range(1, _HIGHEST_RECEPTACLE + 1)}
_NUMBER = re.compile(r"[0-9]{1,3}\Z")


def own_path(manager: str, receptacle: int) -> str:
    """Where our file for a receptacle is."""
    prefix, suffix = _FOLDERS[manager]
    return "{0}{1}{2}".format(prefix, receptacle, suffix)


def own_paths(receptacle: int) -> Tuple[str, ...]:
    """Every file that may be ours for a receptacle: NetworkManager's, networkd's, udev's."""
    return tuple(own_path(manager, receptacle) for manager in _FOLDERS)


def manager_of(path: str) -> Optional[str]:
    """Whose language one of our files is written in; None for a file that is not ours, which is never touched."""
    for manager, (prefix, suffix) in (*_FOLDERS.items(), (UDEV, _MTU_RULE)):
        if path.startswith(prefix) and path.endswith(suffix) and _NUMBER.match(path[len(prefix) : -len(suffix)]):
            return manager
    return None


def is_own(path: str) -> bool:
    """Whether a path is one of ours: nothing else is ever written or removed."""
    return manager_of(path) is not None


def is_own_connection(connection: str) -> bool:
    """Whether a UUID is that of a connection of ours."""
    return connection in _RECEPTACLES


def own_file(manager: str, port: Port, want: WantPort) -> Optional[ConfigFile]:
    """The file that keeps the address of a port, None where this host has nobody to read one.

    :raises TopologyError: the interface has no MAC address, and a name that would mean something else in a file.
    """
    if manager not in _FOLDERS:
        return None
    if not port.mac and not _PLAIN_NAME.match(port.device):
        raise TopologyError(
            "Thunderbolt {0}: the interface {1!r} has no MAC address by which to configure it".format(
                want.receptacle, port.device
            ),
            "give it one (ip link set dev NAME address MAC)",
        )
    return ConfigFile(own_path(manager, want.receptacle), _TEXTS[manager](port, want))


def mtu_path(receptacle: int) -> str:
    """Where our file for the MTU of a receptacle is."""
    return "{0}{1}{2}".format(_MTU_RULE[0], receptacle, _MTU_RULE[1])


def mtu_file(port: Port, mtu: int) -> ConfigFile:
    """The rule that gives the interface of a cable its MTU each time that it comes."""
    text = _HEAD.format(port.receptacle) + 'ACTION=="add", SUBSYSTEM=="net", {0}, ATTR{{mtu}}="{1}"\n'.format(
        _this_interface(port), mtu
    )
    return ConfigFile(mtu_path(port.receptacle), text)


def own_connections(raw_connections: str) -> Tuple[str, ...]:
    """Of ``nmcli -t -f UUID,FILENAME connection show``: the UUIDs of our own, to be asked for."""
    return tuple(fields[0] for fields in terse_lines(raw_connections) if fields[0] in _RECEPTACLES)


def connection_files(raw_properties: str) -> Tuple[ConfigFile, ...]:
    """Our connections as NetworkManager has them, each as the keyfile that says so.

    The files themselves can be read by root alone, and check mode is not root; so this is what is compared.
    """
    files = []
    for block in _blocks(raw_properties):
        receptacle = _RECEPTACLES.get(block.get("connection.uuid", ""))
        if receptacle is not None:
            files.append(ConfigFile(own_path(NETWORKMANAGER, receptacle), _keyfile(block, receptacle)))
    return tuple(files)


def _connection(port: Port, want: WantPort) -> str:
    properties = dict(_DEFAULTS)
    properties.update(
        {
            "connection.id": "Boltloom Thunderbolt {0}".format(want.receptacle),
            "connection.uuid": connection_uuid(want.receptacle),
            "connection.type": "802-3-ethernet",
            "connection.autoconnect-priority": _PRIORITY,
            "802-3-ethernet.mac-address": port.mac.upper(),
            "ipv4.method": "manual",
            "ipv4.addresses": "{0}/{1}".format(want.address, want.prefix),
            "ipv4.never-default": "yes",
            "ipv6.method": "link-local",
        }
    )
    if not port.mac:
        properties["connection.interface-name"] = port.device
    return _keyfile(properties, want.receptacle)


def _keyfile(properties: Mapping[str, str], receptacle: int) -> str:
    sections: Dict[str, List[str]] = {}
    for name, section, key in _PROPERTIES:
        value = properties.get(name, "")
        if value and value != _DEFAULTS.get(name):
            sections.setdefault(section, []).append("{0}={1}\n".format(key, _SPELLINGS.get(value, value)))
    body = "\n".join("[{0}]\n{1}".format(section, "".join(lines)) for section, lines in sections.items())
    return _HEAD.format(receptacle) + body


def _blocks(text: str) -> List[Mapping[str, str]]:
    """``nmcli -t connection show ID...``: name:value, a connection's after the other's."""
    blocks: List[Dict[str, str]] = []
    for fields in terse_lines(text):
        if len(fields) < 2:
            continue
        if fields[0] == _PROPERTIES[0][0] or not blocks:
            blocks.append({})
        blocks[-1][fields[0]] = ":".join(fields[1:])
    return list(blocks)


def _network(port: Port, want: WantPort) -> str:
    match = "MACAddress={0}\nType=ether\n".format(port.mac) if port.mac else "Name={0}\n".format(port.device)
    return (
        _HEAD.format(want.receptacle)
        + "[Match]\n"
        + match
        + "\n[Link]\nRequiredForOnline=no\n"  # a boot shall not wait for a cable
        + "\n[Network]\nAddress={0}/{1}\n".format(want.address, want.prefix)
        + "LinkLocalAddressing=ipv6\nIPv6AcceptRA=no\nDHCP=no\n"  # no router and no DNS: it is a cable
    )


def _this_interface(port: Port) -> str:
    """And not a bridge or a VLAN upon it, which borrow its address."""
    if port.mac:
        return 'ENV{{DEVTYPE}}=="", ATTR{{address}}=="{0}"'.format(port.mac)
    return 'KERNEL=="{0}"'.format(port.device)


def _rule(port: Port, want: WantPort) -> str:
    return (
        _HEAD.format(want.receptacle)
        + 'ACTION=="add", SUBSYSTEM=="net", {0}, '.format(_this_interface(port))
        + 'RUN+="/sbin/ip address replace {0}/{1} dev $name", '.format(want.address, want.prefix)
        + 'RUN+="/sbin/ip link set dev $name up"\n'
    )


_TEXTS = {NETWORKMANAGER: _connection, NETWORKD: _network, UDEV: _rule}
