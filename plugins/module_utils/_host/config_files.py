# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Our own files for the managers of a Linux network: written, taken away, brought back byte by byte, put in force.

A manager reads its files when it is told to, so whoever changes one tells it. udev looks by itself.
"""

from __future__ import annotations

import base64
import os
import stat
import time
from typing import List, Mapping, Optional

from .._fabric import facts as fabric_facts
from .._fabric.linux.keep import MODES, manager_of
from .._fabric.linux.managers import NETWORKD, NETWORKMANAGER, networkmanager_devices, terse_lines
from .._fabric.steps import Step
from . import whole_file
from .apply import Value
from .commands import HostError, required
from .linux_interfaces import find_link, links
from .target import Target

ACTIVATE_SECONDS = 15  # that NetworkManager may take; it has no server to wait for
CARRIER_SECONDS = 5.0  # that a link may take to come up after its interface was set up
CARRIER_PAUSE = 0.2

_RELOAD: Mapping[str, List[str]] = {
    NETWORKMANAGER: ["nmcli", "connection", "reload"],
    NETWORKD: ["networkctl", "reload"],
}


def write_config(step: Step, target: Target) -> None:
    """Our file, and its manager knows it."""
    manager = _own_manager(step.path)
    _replace(_place(step.path, target), step.text.encode("utf-8"), MODES[manager], None)
    _reload(manager, target)


def remove_config(step: Step, target: Target) -> None:
    """Our file is gone, and its manager knows it."""
    manager = _own_manager(step.path)
    whole_file.remove(_place(step.path, target))
    _reload(manager, target)


def activate_config(step: Step, target: Target) -> None:
    """In force now. Without a link there is nothing to be put in force; the manager does it when the link comes."""
    required(target.run, ["ip", "link", "set", "dev", step.device, "up"])
    if _own_manager(step.path) == NETWORKD:
        required(target.run, ["networkctl", "reconfigure", step.device])
    elif _has_link(step.device, target):
        wait = ["nmcli", "--wait", str(ACTIVATE_SECONDS)]
        argv = wait + ["connection", "up", "uuid", step.connection, "ifname", step.device]
        required(target.run, argv, timeout=ACTIVATE_SECONDS + 5.0)


def read_file(path: str, target: Target) -> Value:
    """The whole file: bytes, mode and owner. None: there is none."""
    place = _place(path, target)
    try:
        with open(place, "rb") as file:
            data, status = file.read(), os.fstat(file.fileno())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HostError("{0} cannot be read: {1}".format(place, error.strerror)) from error
    return {
        "data": base64.b64encode(data).decode("ascii"),
        "mode": stat.S_IMODE(status.st_mode),
        "owner": [status.st_uid, status.st_gid],
    }


def write_file(path: str, value: Value, target: Target) -> None:
    """As it was."""
    if value is None:
        whole_file.remove(_place(path, target))
    else:
        _replace(_place(path, target), base64.b64decode(value["data"]), value["mode"], value["owner"])
    _reload(_own_manager(path), target)


def read_connection(name: str, target: Target) -> Value:
    """Which connection NetworkManager applies to the interface; "kept" is false for one that it made up by itself.

    None: there is no such interface.
    """
    device = _device(name, target)
    devices = networkmanager_devices(target.said(fabric_facts.LINUX_OPTIONAL_COMMANDS["nm_devices"]))
    connection = devices.get(device) if device else None
    if connection is None:
        return None
    listed = terse_lines(target.said(fabric_facts.LINUX_OPTIONAL_COMMANDS["nm_connections"]))
    kept = any(fields[0] == connection and not fields[-1].startswith("/run/") for fields in listed)
    return {"connection": connection, "kept": kept}


def write_connection(name: str, value: Value, target: Target) -> None:
    """As it was. One that NetworkManager had made up may be gone; it makes up another when it wants one."""
    device = _device(name, target)
    if value is None or device is None or not value["connection"]:
        return
    argv = ["nmcli", "--wait", str(ACTIVATE_SECONDS), "connection", "up", "uuid", value["connection"]]
    output = target.run(argv + ["ifname", device], ACTIVATE_SECONDS + 5.0)
    if output.rc != 0 and value["kept"]:
        raise HostError("nmcli connection up {0} failed: {1}".format(value["connection"], output.words()))


def same_connection(now: Value, before: Value) -> bool:
    """One that NetworkManager had made up is not missed, as long as ours is not in its place."""
    if now is None or before is None or now == before:
        return True
    ours = fabric_facts.is_own_connection(now["connection"])
    return not before["kept"] and not ours


def _device(which: str, target: Target) -> Optional[str]:
    link = find_link(which, target)
    return None if link is None else str(link["ifname"])


def _has_link(device: str, target: Target) -> bool:
    deadline = time.monotonic() + CARRIER_SECONDS
    while True:
        link = links(target.fresh()).get(device)
        if link is not None and "LOWER_UP" in (link.get("flags") or []):
            return True
        if link is None or time.monotonic() >= deadline:
            return False
        time.sleep(CARRIER_PAUSE)


def _own_manager(path: str) -> str:
    manager = manager_of(path)
    if manager is None:
        raise HostError("{0} is none of our own files".format(path), "nothing else is ever written")
    return manager


def _reload(manager: str, target: Target) -> None:
    if manager in _RELOAD:
        required(target.run, _RELOAD[manager])


def _place(path: str, target: Target) -> str:
    return os.path.join(target.root, path.lstrip("/"))


def _replace(place: str, data: bytes, mode: int, owner: "List[int] | None") -> None:
    """In one step: whoever reads the file sees the old or the new one. Its temporary name means nothing to anybody."""
    folder, name = os.path.split(place)
    new = os.path.join(folder, ".{0}.new".format(name))
    try:
        os.makedirs(folder, exist_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode)
            if owner is not None:
                os.fchown(file.fileno(), owner[0], owner[1])
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, place)
    except OSError as error:
        raise HostError("{0} cannot be written: {1}".format(place, error.strerror)) from error


def files(step: Step) -> List[str]:
    """The thing that a step on a file changes."""
    return ["file:" + step.path]


def connections(step: Step) -> List[str]:
    """The thing that NetworkManager changes when it applies another connection."""
    if manager_of(step.path) != NETWORKMANAGER:
        return []
    return ["connection:" + (step.mac or step.device)]
