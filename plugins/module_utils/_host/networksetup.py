# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""``networksetup`` as a writer: it prints its errors on stdout and may exit with 0, so its text is looked at too.

A service is written to only after it was seen, a moment before, to belong to the planned port.
"""

from __future__ import annotations

from typing import List, Optional, Tuple

from .._fabric.macos.networksetup import ServiceEntry, parse_service_order
from .._fabric.names import OUR_SERVICE, plain
from . import preferences
from .commands import HostError, required
from .macos import preferences_path
from .target import Target

NETWORKSETUP = "/usr/sbin/networksetup"
COMPLAINTS = ("** Error", "is not a recognized", "Unable to access", "requires admin privileges")


def networksetup(target: Target, *arguments: str) -> None:
    """Run a verb that changes something. :raises HostError: with what it said."""
    output = required(target.run, [NETWORKSETUP, *arguments])
    if any(complaint in output.stdout + output.stderr for complaint in COMPLAINTS):
        raise HostError("networksetup {0} failed: {1}".format(" ".join(arguments), output.words()))


def service_order(target: Target) -> Tuple[ServiceEntry, ...]:
    """The services of the current location, the first one first."""
    return parse_service_order(target.said([NETWORKSETUP, "-listnetworkserviceorder"]))


def set_service_order(names: List[str], target: Target) -> None:
    """networksetup takes the order of all services or of none, so each name must be one that can be said."""
    odd = [name for name in names if not plain(name)]
    if odd:
        raise HostError(
            "the order of the network services cannot be changed: {0!r} has characters that no command can say".format(
                odd[0]
            ),
            "rename that service in System Settings",
        )
    networksetup(target, "-ordernetworkservices", *names)


def service_entry(name: str, target: Target) -> Optional[ServiceEntry]:
    """The service of that name, None if there is none."""
    return next((entry for entry in service_order(target) if entry.name == name), None)


def require_service(name: str, device: str, target: Target) -> None:
    """:raises HostError: the service is not, or not only, on that interface, so nothing is written to it."""
    found = [entry.device for entry in service_order(target) if entry.name == name]
    if not plain(name) or found != [device]:
        where = "on {0}".format(", ".join(found)) if found else "not there"
        raise HostError(
            "the network service {0!r} is {1}, not the one of {2}: it is left alone".format(name, where, device),
            "rename it, and run again",
        )


def remove_ours(entry: ServiceEntry, target: Target) -> None:
    """Remove a service. :raises HostError: it is not one of ours."""
    if not OUR_SERVICE.match(entry.name):
        raise HostError("the network service {0!r} is not one of ours: it is left alone".format(entry.name))
    try:
        networksetup(target, "-removenetworkservice", entry.name)
    except HostError:  # macOS does not remove the last service of a port: it can only be disabled, or forgotten
        networksetup(target, "-setnetworkserviceenabled", entry.name, "off")
        preferences.forget_service(preferences_path(target.root), entry.name, entry.device)
