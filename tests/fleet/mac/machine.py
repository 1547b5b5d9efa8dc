# SPDX-License-Identifier: Apache-2.0
"""What this Mac is, and what is plugged into it."""

import fcntl
import json
import os
from typing import Any

RUN = "/.fleet/run"  # forgotten at a reboot


def _load(path: str) -> Any:
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def this_mac() -> dict[str, Any]:
    """What does not change: name, model, chip, ports, version of macOS."""
    return dict(_load("/.fleet/host/host.json"))


def world() -> dict[str, Any]:
    """All Macs of the fleet with the identities of their ports in this boot, and the cables. Nobody but the emulated
    firmware may look at it: a command shows of it only what a Mac would know."""
    return dict(_load("/.fleet/world/world.json"))


def remember(name: str, value: Any) -> None:
    """Keep a value until the next reboot."""
    path = f"{RUN}/{name}.json"
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(value, file)
    os.rename(path + ".new", path)


def remembered(name: str, default: Any) -> Any:
    """A value kept since the last reboot."""
    try:
        return _load(f"{RUN}/{name}.json")
    except FileNotFoundError:
        return default


def lock() -> None:
    """Be the only one to change this Mac until the process ends."""
    file = os.open(f"{RUN}/lock", os.O_CREAT | os.O_RDWR, 0o644)
    fcntl.flock(file, fcntl.LOCK_EX)


def is_root() -> bool:
    """Whether the caller may change anything."""
    return os.geteuid() == 0


def port_devices() -> list[str]:
    """The devices of the Thunderbolt ports, by receptacle."""
    ports = this_mac()["ports"]
    return [ports[number] for number in sorted(ports, key=int)]
