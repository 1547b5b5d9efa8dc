# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Changes the bridges in the preferences of macOS, so that the next boot does not bring them back.

No command of macOS can do this (networksetup has no verb for bridges), so the file is changed as
System Settings would: under the lock that macOS's own tools take (SCPreferencesLock: an exclusive lock
on the file beside it that ends in "-lock"), only the keys that are ours, in one atomic replacement, all
other keys in the order in which they stood. The running system keeps its own copy and is changed by
other steps.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import plistlib
import time
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence
from xml.parsers.expat import ExpatError

from . import whole_file
from .commands import HostError

LOCK_SECONDS = 15.0  # System Settings holds the lock for moments only
LOCK_PAUSE = 0.1
FULL_DISK_ACCESS = "sshd may need Full Disk Access (System Settings > Privacy & Security)"

Document = Dict[str, Any]


def read_bridge(path: str, bridge: str) -> Optional[Dict[str, Any]]:
    """All that the preferences say of a bridge: the entry as XML, and its place among the bridges. None: nothing."""
    bridges = _bridges(_load(path))
    if bridge not in bridges:
        return None
    entry = plistlib.dumps(bridges[bridge], sort_keys=False).decode("utf-8")
    return {"entry": entry, "position": list(bridges).index(bridge)}


def write_bridge(path: str, bridge: str, value: Optional[Dict[str, Any]]) -> None:
    """Make the preferences say of a bridge what :func:`read_bridge` read. :raises HostError: the file is not ours."""
    if value is None:
        forget_bridge(path, bridge)
        return
    entry = plistlib.loads(value["entry"].encode("utf-8"))

    def edit(document: Document) -> None:
        interfaces = document.setdefault("VirtualNetworkInterfaces", {})
        others = [item for item in interfaces.get("Bridge", {}).items() if item[0] != bridge]
        others.insert(value["position"], (bridge, entry))
        interfaces["Bridge"] = dict(others)

    _change(path, edit)


def forget_bridge(path: str, bridge: str) -> None:
    """Drop a bridge. :raises HostError: the file cannot be changed."""
    _change(path, lambda document: _bridges(document).pop(bridge, None))


def set_members(path: str, bridge: str, members: Sequence[str]) -> None:
    """Make a bridge list exactly these members. :raises HostError: the file cannot be changed."""

    def edit(document: Document) -> None:
        bridges = _bridges(document)
        if bridge not in bridges:
            raise HostError("{0}: there is no bridge {1} any more".format(path, bridge), "run again")
        bridges[bridge]["Interfaces"] = list(members)

    _change(path, edit)


def forget_service(path: str, name: str, device: str) -> None:
    """Drop a network service of our own that networksetup does not remove, because it is its port's last one."""

    def edit(document: Document) -> None:
        services = document.get("NetworkServices", {})
        ours = [
            identifier
            for identifier, service in services.items()
            if service.get("UserDefinedName") == name and service.get("Interface", {}).get("DeviceName") == device
        ]
        for identifier in ours:
            del services[identifier]
            for location in document.get("Sets", {}).values():
                _forget_in_location(location.get("Network", {}), identifier)

    _change(path, edit)


def _forget_in_location(network: Document, identifier: str) -> None:
    network.get("Service", {}).pop(identifier, None)
    order: List[str] = network.get("Global", {}).get("IPv4", {}).get("ServiceOrder", [])
    if identifier in order:
        order.remove(identifier)


def _load(path: str) -> Document:
    try:
        with open(path, "rb") as file:
            document = plistlib.load(file)
    except OSError as error:
        raise HostError("{0} cannot be read: {1}".format(path, error.strerror or error), FULL_DISK_ACCESS) from error
    except (
        plistlib.InvalidFileException,
        ExpatError,
        ValueError,
        LookupError,
        OverflowError,
        RecursionError,
        AttributeError,
        TypeError,
    ) as error:
        raise HostError("{0} is not a property list ({1})".format(path, error)) from error
    if not isinstance(document, dict):
        raise HostError("{0} is not a dictionary".format(path))
    return document


def _bridges(document: Document) -> Document:
    interfaces = document.get("VirtualNetworkInterfaces", {})
    bridges = interfaces.get("Bridge", {}) if isinstance(interfaces, dict) else None
    if not isinstance(bridges, dict):
        raise HostError("the bridges in the network preferences are of a form that is not known")
    return bridges


def _change(path: str, edit: Callable[[Document], object]) -> None:
    """Edit the file under the lock of macOS's own tools. Nothing is written when the edit changes nothing."""
    with _locked(path):
        document = _load(path)
        read = os.stat(path)
        before = plistlib.dumps(document, sort_keys=False)
        edit(document)
        if plistlib.dumps(document, sort_keys=False) == before:
            return
        try:
            _write(path, document, read)
        except OSError as error:
            raise HostError("{0} cannot be changed: {1}".format(path, error), FULL_DISK_ACCESS) from error


@contextlib.contextmanager
def _locked(path: str) -> Iterator[None]:
    """Hold the lock of SCPreferencesLock: exclusive, with our process id in it, and gone with us."""
    lock = path + "-lock"
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        handle = _try_lock(lock)
        if handle is not None:
            break
        if time.monotonic() >= deadline:
            raise HostError(
                "{0} is held by another program for more than {1:g} s".format(lock, LOCK_SECONDS),
                "close System Settings on that host, or whatever changes its network, and run again",
            )
        time.sleep(LOCK_PAUSE)
    try:
        yield
    finally:
        os.unlink(lock)
        os.close(handle)


def _try_lock(lock: str) -> Optional[int]:
    """The locked file, None when somebody else has it, or had it and took it away."""
    try:
        handle = os.open(lock, os.O_WRONLY | os.O_CREAT, 0o644)
    except OSError as error:
        raise HostError("{0} cannot be made: {1}".format(lock, error.strerror), FULL_DISK_ACCESS) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        ours, there = os.fstat(handle), os.stat(lock)
        if (ours.st_dev, ours.st_ino) == (there.st_dev, there.st_ino):
            os.write(handle, "{0}\n".format(os.getpid()).encode("ascii"))
            return handle
    except OSError:
        pass
    os.close(handle)
    return None


def _write(path: str, document: Document, read: os.stat_result) -> None:
    """Replace the file in one instant, with the owner and mode that it has, unless it is another one by now."""
    with open(path, "rb") as file:
        binary = file.read(6) == b"bplist"
    content = plistlib.dumps(document, fmt=plistlib.FMT_BINARY if binary else plistlib.FMT_XML, sort_keys=False)

    def refuse_another() -> None:
        now = os.stat(path)
        if (now.st_ino, now.st_mtime_ns, now.st_size) != (read.st_ino, read.st_mtime_ns, read.st_size):
            raise HostError("{0} was changed by another program at this moment".format(path), "run again")

    whole_file.replace(path, content, read.st_mode & 0o7777, (read.st_uid, read.st_gid), refuse_another)
