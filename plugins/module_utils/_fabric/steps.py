# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""What is to be done on one host, one step each.

``diff_host`` makes steps, ``_host`` performs them, ``foresee`` says what a host
looks like afterwards. A step is complete in itself: performing it needs no facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

from .model import WantPort

# The kinds of steps, with the fields that each one uses.
DISABLE_BRIDGE_SERVICE = (
    "disable_bridge_service"  # service: the network service of a bridge that serves nobody any more
)
RELEASE_PORT_FROM_BRIDGE = "release_port_from_bridge"  # bridge, device: take the interface out of the running bridge
DESTROY_BRIDGE = "destroy_bridge"  # bridge: remove the running bridge, which has no members left
FORGET_BRIDGE = "forget_bridge"  # bridge: drop it from the preferences, so that the next boot does not make it
SET_BRIDGE_MEMBERS = "set_bridge_members"  # bridge, members: what the preferences list from now on (never empty)
CREATE_SERVICE = "create_service"  # service, port: a network service on hardware port "Thunderbolt 2"
REMOVE_ADDRESS = "remove_address"  # device, address, prefix: take an address off the running interface
SET_MANUAL = "set_manual"  # service, device, address, netmask: the service's address, without router (macOS)
ENABLE_SERVICE = "enable_service"  # service, device
PLACE_SERVICE = "place_service"  # service, device, behind: in the order directly before the service ``behind``
REMOVE_SERVICE = "remove_service"  # service, device: one of our own, on a port that is planned no longer
ADD_ADDRESS = "add_address"  # device, address, prefix: and set the interface up (Linux)
WRITE_CONFIG = "write_config"  # path, text, device: a file of our own, by which the network's manager keeps an address
REMOVE_CONFIG = "remove_config"  # path, device: such a file that is not wanted any more
ACTIVATE_CONFIG = "activate_config"  # path, device, connection, address, prefix: the manager shall apply the file now
SET_OPTION = "set_option"  # thing, value, words: one of the options that somebody asked for
NOTE_PORTS = "note_ports"  # ports: what is configured from now on, in our own state on the host

KINDS = (
    DISABLE_BRIDGE_SERVICE,
    RELEASE_PORT_FROM_BRIDGE,
    DESTROY_BRIDGE,
    FORGET_BRIDGE,
    SET_BRIDGE_MEMBERS,
    CREATE_SERVICE,
    REMOVE_ADDRESS,
    SET_MANUAL,
    ENABLE_SERVICE,
    PLACE_SERVICE,
    REMOVE_SERVICE,
    ADD_ADDRESS,
    WRITE_CONFIG,
    REMOVE_CONFIG,
    ACTIVATE_CONFIG,
    SET_OPTION,
    NOTE_PORTS,
)


@dataclass(frozen=True)
class Step:
    """One change to one host. Fields that the kind does not use are empty."""

    kind: str
    device: str = ""
    bridge: str = ""
    service: str = ""
    port: str = ""  # macOS hardware port, "Thunderbolt 2"
    address: str = ""  # "a.b.c.d"
    prefix: int = 0
    netmask: str = ""  # the same as prefix, in the spelling of networksetup
    members: Tuple[str, ...] = ()
    behind: str = ""  # the service that stands behind ours
    ports: Tuple[WantPort, ...] = ()
    thing: str = ""  # "mtu:en3"
    value: str = ""  # what it shall be, as JSON
    words: str = ""  # the sentence about it
    path: str = ""  # of a file of our own (Linux)
    text: str = ""
    connection: str = ""  # what Port.configuration is when the file is in force
    mac: str = ""  # of the device, whose name may be another after a reboot (Linux)

    def describe(self) -> str:
        """The step in one line for people."""
        ports = ", ".join("{0} {1}/{2}".format(port.device, port.address, port.prefix) for port in self.ports)
        return _SENTENCES[self.kind].format(self, members=", ".join(self.members), ports=ports or "none")


_SENTENCES = {
    DISABLE_BRIDGE_SERVICE: "disable the network service {0.service!r}",
    RELEASE_PORT_FROM_BRIDGE: "take {0.device} out of {0.bridge}",
    DESTROY_BRIDGE: "remove {0.bridge}, which has no members left",
    FORGET_BRIDGE: "drop {0.bridge} from the preferences",
    SET_BRIDGE_MEMBERS: "keep only {members} in {0.bridge} at the next boot",
    CREATE_SERVICE: "create the network service {0.service!r} on {0.port}",
    REMOVE_ADDRESS: "take {0.address}/{0.prefix} off {0.device}",
    SET_MANUAL: "give the network service {0.service!r} ({0.device}) the address {0.address}/{0.prefix}",
    ENABLE_SERVICE: "enable the network service {0.service!r}",
    PLACE_SERVICE: "put the network service {0.service!r} before {0.behind!r}, so that it has {0.device}",
    REMOVE_SERVICE: "remove the network service {0.service!r} ({0.device})",
    ADD_ADDRESS: "give {0.device} the address {0.address}/{0.prefix}",
    WRITE_CONFIG: "write {0.path}, which keeps the address of {0.device}",
    REMOVE_CONFIG: "remove {0.path}, a file of ours for {0.device}",
    ACTIVATE_CONFIG: "put {0.path} in force on {0.device} ({0.address}/{0.prefix})",
    SET_OPTION: "{0.words}",
    NOTE_PORTS: "note on the host what is configured: {ports}",
}
