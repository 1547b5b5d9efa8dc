# SPDX-License-Identifier: Apache-2.0
"""pmset: power settings of a desktop Mac, which outlive a reboot."""

import json
import sys

from mac import machine

_KEPT = "/Library/Preferences/com.apple.PowerManagement.json"  # a property list on a Mac, which nobody reads directly
_SETTINGS = {
    "Sleep On Power Button": 1,
    "autorestart": 0,
    "powernap": 1,
    "networkoversleep": 0,
    "disksleep": 10,
    "sleep": 0,
    "ttyskeepawake": 1,
    "displaysleep": 10,
    "tcpkeepalive": 1,
    "powermode": 0,
    "womp": 1,
}


def _settings() -> dict[str, int]:
    try:
        with open(_KEPT, encoding="utf-8") as file:
            return {**_SETTINGS, **json.load(file)}
    except FileNotFoundError:
        return _SETTINGS


def _set(arguments: list[str]) -> int:
    if not machine.is_root():
        print("'pmset' must be run as root...", file=sys.stderr)
        return 1
    names, values = arguments[1::2], arguments[2::2]
    if arguments[0] not in ("-a", "-c") or not set(names) <= set(_SETTINGS) or not all(map(str.isdigit, values)):
        print("Usage: pmset <options>", file=sys.stderr)
        return 1
    settings = {**_settings(), **dict(zip(names, map(int, values), strict=True))}
    with open(_KEPT, "w", encoding="utf-8") as file:
        json.dump(settings, file)
    return 0


def main(arguments: list[str]) -> int:
    if arguments[:1] and arguments[0] != "-g":
        return _set(arguments)
    if arguments[1:2] == ["custom"]:
        print("AC Power:")
    else:
        print("System-wide power settings:\nCurrently in use:")
    for name, value in _settings().items():
        print(f" {name:<20} {value}")
    return 0
