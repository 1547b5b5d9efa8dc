# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The hosts of a hostfile as an inventory wants them: each host once, with its ranks and how ssh reaches it.

A hostfile lists ranks; a host with two ranks stands in it twice. And its ``ips`` are those that the ranks
use: the addresses of cables in a ring, management addresses otherwise. Ansible may go to the latter only.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Dict, List, Mapping, Set, Tuple

from .errors import HostfileError
from .hostfile import Host, Hostfile

_THIS_COMPUTER = ("localhost", "127.0.0.1", "::1")  # as the launcher has it: no ssh to these
_URI = re.compile(r"ssh://(?:(?P<user>[^@]*)@)?(?P<host>\[[^\]]+\]|[^:/]+)(?::(?P<port>[0-9]{1,5}))?/?", re.ASCII)


@dataclass(frozen=True)
class Reached:
    """What an ssh name says: ``user`` is "" and ``port`` 0 where it says nothing of them."""

    host: str
    user: str = ""
    port: int = 0


@dataclass(frozen=True)
class InventoryHost:
    """A host of a hostfile. ``ranks`` and what follows it stand in rank order."""

    name: str
    reached: Reached
    ranks: Tuple[int, ...]
    ips: Tuple[Tuple[str, ...], ...]
    rdma: Tuple[Tuple[Tuple[str, ...], ...], ...]
    management: str  # "" when the hostfile does not tell

    @property
    def local(self) -> bool:
        """It is the computer that Ansible runs on."""
        return self.reached.host in _THIS_COMPUTER


def inventory_hosts(hostfile: Hostfile, source: str) -> Tuple[InventoryHost, ...]:
    """The hosts in the order of their first ranks.

    A hostfile of ours knows what the inventory called them; in another one they go by what ssh calls them.

    :raises HostfileError: an ssh name that Ansible would read as something else than a name.
    """
    names = _names(hostfile, source)
    ranks: Dict[str, List[int]] = {}
    for rank, host in enumerate(hostfile.hosts):
        ranks.setdefault(host.ssh, []).append(rank)
    return tuple(_host(hostfile, names[ssh], ssh, seats, source) for ssh, seats in ranks.items())


def reached(ssh: str, place: str) -> Reached:
    """Take an ssh name apart: ``mac1``, ``me@mac1`` or ``ssh://me@mac1:2222``. ``place`` is for the error."""
    if "{{" in ssh or "{%" in ssh:
        raise HostfileError("{0} is a template, not the name of a host".format(place), "write the name itself")
    if not ssh.startswith("ssh://"):
        user, _at, host = ssh.rpartition("@")
        return Reached(host, user)
    uri = _URI.fullmatch(ssh)
    if uri is None or int(uri["port"] or 0) > 65535:
        raise HostfileError("{0} is {1}, not an address for ssh".format(place, ssh), "write ssh://USER@HOST:PORT")
    return Reached(uri["host"].strip("[]"), uri["user"] or "", int(uri["port"] or 0))


def bare_name(ssh: str) -> str:
    """The host in what ssh is called with: without user, scheme and port."""
    try:
        return reached(ssh, "ssh").host
    except HostfileError:  # no name that Ansible would take; as it stands it still names the host
        return ssh


def _host(hostfile: Hostfile, name: str, ssh: str, ranks: List[int], source: str) -> InventoryHost:
    seats = [hostfile.hosts[rank] for rank in ranks]
    how = reached(ssh, _place(source, ranks[0]))
    return InventoryHost(
        name=name,
        reached=how,
        ranks=tuple(ranks),
        ips=tuple(seat.ips for seat in seats),
        rdma=tuple(seat.rdma for seat in seats),
        management=_management(hostfile, seats[0], how.host),
    )


def _names(hostfile: Hostfile, source: str) -> Dict[str, str]:
    """ssh name -> inventory name. A name that would stand for two ssh names is given to none but the first."""
    known = _names_of_ours(hostfile)
    names: Dict[str, str] = {}
    for rank, host in enumerate(hostfile.hosts):
        if host.ssh not in names:
            wanted = known[rank] if known else reached(host.ssh, _place(source, rank)).host
            names[host.ssh] = host.ssh if wanted in names.values() else wanted
    return names


def _names_of_ours(hostfile: Hostfile) -> List[str]:
    """What our own key says that the inventory called the hosts; nothing where it does not say it of all."""
    names = hostfile.boltloom.get("hosts")
    usable = isinstance(names, list) and len(names) == len(hostfile.hosts) and all(map(_is_name, names))
    return list(names) if isinstance(names, list) and usable else []


def _is_name(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[^\s,{}\x00-\x1f-][^\s,{}\x00-\x1f]*", value) is not None


def _place(source: str, rank: int) -> str:
    return "{0}: hosts[{1}].ssh".format(source, rank)


def _management(hostfile: Hostfile, host: Host, ssh_host: str) -> str:
    """The first address that is known to be no cable's: backends other than a ring list no cables' addresses."""
    cables = _cable_addresses(hostfile.boltloom)
    told = [ip for ip in host.ips if ip not in cables] if cables or hostfile.backend not in ("", "ring") else []
    return next((ip for ip in [*told, ssh_host] if _is_usable(ip) and ip not in cables), "")


def _cable_addresses(boltloom: Mapping[str, object]) -> Set[str]:
    """The addresses of all cables that our own key lists; it is somebody else's text, so nothing is expected of it."""
    cables = boltloom.get("cables")
    ends = [
        end
        for cable in (cables if isinstance(cables, list) else [])
        if isinstance(cable, dict) and isinstance(cable.get("ends"), list)
        for end in cable["ends"]
        if isinstance(end, dict)
    ]
    return {end["address"] for end in ends if isinstance(end.get("address"), str)}


def _is_usable(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return address.version == 4 and not address.is_loopback and not address.is_link_local
