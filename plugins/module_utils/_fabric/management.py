# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Where ssh and rendezvous go: one network that all hosts have, and never a cable."""

from __future__ import annotations

import ipaddress
from typing import Dict, List, Mapping, Tuple

from .errors import AddressError
from .model import HostFacts, Nic

Network = ipaddress.IPv4Network

_SELF_ASSIGNED = Network("169.254.0.0/16")
_LOOPBACK = Network("127.0.0.0/8")
_DEFAULT_ROUTE = "0.0.0.0/0"


def pick_management(facts: Mapping[str, HostFacts]) -> Dict[str, str]:
    """host -> its IPv4 address on one network common to all hosts; wired before Wi-Fi, never a VPN.

    A network on which two hosts have the same address is none: it is private to each of them (the
    network of a virtual machine, say).

    :raises AddressError: there is no such network.
    """
    candidates = {host: _candidates(facts[host]) for host in facts}
    common = [network for network in _in_order(candidates) if all(network in candidates[host] for host in candidates)]
    usable = [network for network in common if _distinct(network, candidates)]
    if not usable:
        raise _nothing_common(candidates)
    best = min(
        usable, key=lambda network: (_wireless(network, candidates), _without_default(network, candidates, facts))
    )
    return {host: _ip(candidates[host][best]) for host in candidates}


def _candidates(facts: HostFacts) -> Dict[Network, Nic]:
    """Network -> the interface into it, the wired one where there are two."""
    found: Dict[Network, Nic] = {}
    for nic in sorted(facts.nics, key=lambda nic: nic.kind == "wifi"):
        network = ipaddress.IPv4Interface(nic.address).network
        if (
            nic.kind in ("ethernet", "wifi")
            and not network.overlaps(_SELF_ASSIGNED)
            and not network.overlaps(_LOOPBACK)
        ):
            found.setdefault(network, nic)
    return found


def _in_order(candidates: Mapping[str, Dict[Network, Nic]]) -> List[Network]:
    return list(next(iter(candidates.values()), {}))


def _distinct(network: Network, candidates: Mapping[str, Dict[Network, Nic]]) -> bool:
    addresses = [_ip(candidates[host][network]) for host in candidates]
    return len(set(addresses)) == len(addresses)


def _wireless(network: Network, candidates: Mapping[str, Dict[Network, Nic]]) -> int:
    return sum(candidates[host][network].kind == "wifi" for host in candidates)


def _without_default(
    network: Network, candidates: Mapping[str, Dict[Network, Nic]], facts: Mapping[str, HostFacts]
) -> int:
    """How many hosts do not reach the world over it: the network with the router is the one that people mean."""
    return sum((_DEFAULT_ROUTE, candidates[host][network].device) not in facts[host].routes for host in candidates)


def _ip(nic: Nic) -> str:
    return str(ipaddress.IPv4Interface(nic.address).ip)


def _nothing_common(candidates: Mapping[str, Dict[Network, Nic]]) -> AddressError:
    listed: List[Tuple[str, str]] = []
    for host, networks in candidates.items():
        words = ["{0} on {1}".format(nic.address, nic.device) for nic in networks.values()]
        listed.append((host, ", ".join(words) or "none"))
    return AddressError(
        "no management network is common to all hosts ({0})".format(
            "; ".join("{0}: {1}".format(*pair) for pair in listed)
        ),
        "bring them into one Ethernet or Wi-Fi network, or name the addresses in the inventory",
    )
