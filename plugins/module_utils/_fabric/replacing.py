# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""May a hostfile take the place of the one that is there? A step down is never silent.

Fewer hosts, Ethernet instead of the cables, a ring instead of RDMA: each is what a cut cable or a ``--limit`` makes
of a good hostfile, and nobody would notice until the next job is slow.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any, Callable, Collection, List, Mapping, Optional, Sequence, Tuple

from .errors import HostfileError
from .hostfile import Hostfile
from .hostfile_hosts import bare_name
from .model import End, Link

REPLACE = "thunderbolt_net_replace_hostfile=true"
_STRENGTH = {"jaccl": 3, "jaccl-ring": 2}  # what RDMA gives; a ring over cables is 1, over Ethernet 0


@dataclass(frozen=True)
class Asked:
    """What the user asked for in so many words; "auto" is no word for anything."""

    over: str = "auto"
    backend: str = "auto"
    known: Tuple[str, ...] = ()  # all hosts of the inventory; one that is gone from it was taken out on purpose


def kept_words(path: str, old: Hostfile, new: Hostfile, asked: Asked) -> str:
    """Why the old file stays as it is though this play is content: it plays a part of the file's hosts. "" if not."""
    before = set(host_names(old)) | {bare_name(host.ssh) for host in old.hosts}
    part = all(name in before or bare_name(host.ssh) in before for name, host in zip(host_names(new), new.hosts))
    if not part or not _gone(old, new, asked.known):
        return ""
    return "{0} keeps its {1} hosts: this play has only {2} (to write it for these alone: -e {3})".format(
        path, len(old.hosts), _listed(host_names(new)), REPLACE
    )


def refuse_step_down(
    path: str, old: Hostfile, new: Hostfile, asked: Asked, reasons: Callable[[], Sequence[str]]
) -> None:
    """:raises HostfileError: the new file is worse than the old one, for ``reasons``, and nobody asked for that."""
    change = _step_down(old, new, asked)
    if change:
        why = "; ".join(reasons()) or "see the warnings"
        raise HostfileError(
            "{0} {1}, and is left as it is: {2}".format(path, change, why),
            "mend that and run again, or replace the file with -e {0}".format(REPLACE),
        )


def host_names(hostfile: Hostfile) -> Tuple[str, ...]:
    """The hosts in rank order as the inventory calls them; as ssh does where the file does not say."""
    named = hostfile.boltloom.get("hosts")
    if isinstance(named, list) and len(named) == len(hostfile.hosts) and all(isinstance(name, str) for name in named):
        return tuple(named)
    return tuple(dict.fromkeys(bare_name(host.ssh) for host in hostfile.hosts))


def recorded_links(hostfile: Hostfile) -> Tuple[Link, ...]:
    """The cables that the file was written for, as far as it tells in a form that we know."""
    cables = hostfile.boltloom.get("cables")
    found = [_link(cable) for cable in cables] if isinstance(cables, list) else []
    return tuple(link for link in found if link is not None)


def over_cables(hostfile: Hostfile) -> bool:
    """Whether the ranks talk over the cables that the file records."""
    if hostfile.backend in _STRENGTH:
        return True
    addresses = {end.address for link in recorded_links(hostfile) for end in (link.a, link.b)}
    used = [ip for host in hostfile.hosts for ip in host.ips]
    return bool(used) and all(ip in addresses for ip in used)


def _step_down(old: Hostfile, new: Hostfile, asked: Asked) -> str:
    """What would become worse, as the end of a sentence about the file; "" for nothing."""
    gone = _gone(old, new, asked.known)
    if gone:
        return "would lose {0}".format(_listed(gone))
    if over_cables(old) and not over_cables(new) and len(new.hosts) > 1 and asked.over != "ethernet":
        return "is over Thunderbolt and would go over Ethernet"
    if _STRENGTH.get(old.backend, 0) > _STRENGTH.get(new.backend, 0) and asked.backend != new.backend:
        return "is for {0} and would be for {1}".format(old.backend, new.backend)
    return ""


def _gone(old: Hostfile, new: Hostfile, known: Collection[str]) -> Tuple[str, ...]:
    """Hosts of the old file that the new one lacks though the inventory still has them."""
    present = set(host_names(new)) | {bare_name(host.ssh) for host in new.hosts}
    ssh = {name: bare_name(host.ssh) for name, host in zip(host_names(old), old.hosts)}
    return tuple(
        name for name in host_names(old) if name in known and name not in present and ssh.get(name) not in present
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)


def _link(cable: Any) -> Optional[Link]:
    try:
        ends: List[End] = [_end(end) for end in cable["ends"]]
        network = str(ipaddress.IPv4Network(cable["network"]))
        return Link(ends[0], ends[1], int(cable["rail"]), int(cable["gbps"]), network)
    except (KeyError, TypeError, ValueError, IndexError, OverflowError):  # of another version, or written by hand
        return None


def _end(end: Mapping[str, Any]) -> End:
    return End(
        str(end["host"]), int(end["receptacle"]), str(end["device"]), str(end["uid"]), str(end.get("address", ""))
    )
