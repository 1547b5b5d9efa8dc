# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The network services of the Thunderbolt ports and their bridges, with what each is configured to be.

Commands are built from these names, so here stands the guarantee: a name that leaves this file can be read back
unambiguously. It is on one line, whole, and no other service of the location has it.
"""

from __future__ import annotations

from typing import Dict, List, Mapping, Optional, Tuple

from ..errors import ParseError
from ..model import Service
from ..names import OUR_SERVICE
from ..reading import printable, shown
from .networksetup import ServiceEntry, ServiceInfo, parse_dns_servers, parse_getinfo

GETINFO_PREFIX = "getinfo:"
DNS_PREFIX = "dns:"


def on_devices(entries: Tuple[ServiceEntry, ...], devices: "set[str]") -> Tuple[ServiceEntry, ...]:
    """The services on these devices, first in order first.

    :raises ParseError: one of them has a name that another one could be meant by.
    """
    count: Dict[str, int] = {}
    for entry in entries:
        count[entry.name] = count.get(entry.name, 0) + 1
    mine = tuple(entry for entry in entries if entry.device and entry.device in devices)
    for entry in mine:
        _refuse_misreadable(entry, count[entry.name])
    return mine


def _refuse_misreadable(entry: ServiceEntry, times: int) -> None:
    fault = ""
    if not entry.name.strip():
        fault = "has no name"
    elif any(_breaks_a_line(letter) for letter in entry.name):
        fault = "has a line break, a control character or a broken character in its name"
    elif len(entry.name) > 255:
        fault = "has a name of {0} characters".format(len(entry.name))
    elif times > 1:
        fault = "has the name of another service"
    if fault:
        raise ParseError(
            "networksetup: the service {0} on {1} ({2}) {3}".format(
                shown(entry.name), printable(entry.port, 60), entry.device, fault
            ),
            "rename it in System Settings > Network",
        )


def _breaks_a_line(letter: str) -> bool:
    return letter < " " or letter in "\x7f\ufffd"


class Services:
    """Which service is in force on a device: the first enabled one in the order, else the first."""

    def __init__(self, entries: Tuple[ServiceEntry, ...], outputs: Mapping[str, str], warnings: List[str]) -> None:
        self._entries: Dict[str, List[ServiceEntry]] = {}
        for entry in entries:
            self._entries.setdefault(entry.device, []).append(entry)
        self._outputs = outputs
        self._warnings = warnings
        self._read: Dict[str, Tuple[Service, str]] = {}

    def all(self, device: str) -> Tuple[Service, ...]:
        """Every service of the device, in the order of the system."""
        return tuple(self._service(entry)[0] for entry in self._entries.get(device, []))

    def of(self, device: str) -> Optional[Service]:
        """The service in force on the device with its configuration, None when it has no service."""
        chosen = self._chosen(device)
        return self._service(chosen)[0] if chosen else None

    def lease(self, device: str) -> str:
        """The address that a DHCP server gave to the service in force on the device, "" if none did."""
        chosen = self._chosen(device)
        service, address = self._service(chosen) if chosen else (None, "")
        given = service is not None and service.enabled and service.method == "dhcp"
        return address if given and not address.startswith("169.254.") else ""

    def warn_of_several(self, device: str) -> None:
        """Say so when more than one service is enabled on the device, unless the first is ours: then it is meant so."""
        enabled = [entry for entry in self._entries.get(device, []) if entry.enabled]
        if len(enabled) > 1 and not OUR_SERVICE.match(enabled[0].name):
            names = ", ".join(shown(entry.name) for entry in enabled[:5])
            self._warnings.append(
                "{0} has several enabled network services ({1}); the first counts".format(device, names)
            )

    def _chosen(self, device: str) -> Optional[ServiceEntry]:
        mine = self._entries.get(device, [])
        return next((entry for entry in mine if entry.enabled), mine[0] if mine else None)

    def _service(self, entry: ServiceEntry) -> Tuple[Service, str]:
        """The service, and the address that -getinfo shows of it."""
        if entry.name not in self._read:
            self._read[entry.name] = self._ask(entry)
        return self._read[entry.name]

    def _ask(self, entry: ServiceEntry) -> Tuple[Service, str]:
        text = self._outputs.get(GETINFO_PREFIX + entry.name, "")
        if not text:
            return Service(entry.name, entry.enabled, "other"), ""
        try:
            info = parse_getinfo(text)
        except ParseError as error:
            self._warnings.append("service {0}: {1}".format(shown(entry.name), error.one_line()))
            return Service(entry.name, entry.enabled, "other"), ""
        for words in info.odd:
            self._warnings.append(_odd(entry, info, words))
        configured = info.method == "manual"  # with DHCP the address is the lease, not the configuration
        service = Service(
            entry.name,
            entry.enabled,
            info.method,
            info.address if configured else "",
            info.netmask if configured else "",
            router=info.router,
            dns=self._dns(entry),
            ipv6=info.ipv6,
        )
        return service, info.address

    def _dns(self, entry: ServiceEntry) -> Tuple[str, ...]:
        text = self._outputs.get(DNS_PREFIX + entry.name, "")
        if not text:
            return ()
        try:
            return parse_dns_servers(text)
        except ParseError as error:
            self._warnings.append("service {0}: {1}".format(shown(entry.name), error.one_line()))
            return ()


def _odd(entry: ServiceEntry, info: ServiceInfo, words: str) -> str:
    """A wrong value that somebody typed, and what to type instead; it hinders nobody while the port is not planned."""
    remedy = "networksetup -setmanual {0} {1} MASK".format(shown(entry.name), info.address or "ADDRESS")
    return "service {0} on {1} ({2}): {3}; type: sudo {4}, or sudo networksetup -setdhcp {0}".format(
        shown(entry.name), printable(entry.port, 60), entry.device, words, remedy
    )
