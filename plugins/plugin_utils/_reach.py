# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""How a host is reached, in words that ssh, ``boltloom launch`` and ``mlx.launch`` take."""

from __future__ import annotations

import ipaddress
from typing import Any, Mapping

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import AddressError

FACT = "boltloom_reach"
SSH_PORT = 22


def destination(address: str, user: str = "", port: int = 0) -> str:
    """What ssh is called with: HOST, USER@HOST, or ssh://USER@HOST:PORT where the port is not the usual one."""
    name = "{0}@{1}".format(user, address) if user else address
    if port in (0, SSH_PORT):
        return name
    host = "[{0}]".format(address) if ":" in address else address
    return "ssh://{0}{1}:{2}".format("{0}@".format(user) if user else "", host, port)


def ssh_name(host: str, variables: Mapping[str, Any]) -> str:
    """The destination that the host's own task found; where there was none, what its variables say."""
    reach = variables.get("ansible_facts", {}).get(FACT)
    if reach:
        return str(reach["ssh"])
    address = _first(variables, "ansible_host", "ansible_ssh_host") or host
    port = _first(variables, "ansible_port", "ansible_ssh_port")
    user = _first(variables, "ansible_user", "ansible_ssh_user")
    return destination(address, user, int(port) if port.isdigit() else 0)


def management_address(host: str, value: object) -> str:
    """The address as it goes into the hostfile, "" for none. :raises AddressError: it is no address."""
    text = "" if value is None else str(value).strip()
    if not text:
        return ""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise AddressError(
            "thunderbolt_net_management_address of {0} is {1!r}, not an IP address".format(host, text),
            "write the address itself, as in 192.168.1.10",
        ) from None


def _first(variables: Mapping[str, Any], *names: str) -> str:
    found = [str(variables[name]) for name in names if variables.get(name) not in (None, "")]
    return found[0] if found else ""
