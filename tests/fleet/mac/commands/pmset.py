# SPDX-License-Identifier: Apache-2.0
"""pmset -g: power settings of a desktop Mac that does not sleep."""

import sys

_SETTINGS = (
    ("Sleep On Power Button", 1),
    ("autorestart", 0),
    ("powernap", 1),
    ("networkoversleep", 0),
    ("disksleep", 10),
    ("sleep", 0),
    ("ttyskeepawake", 1),
    ("displaysleep", 10),
    ("tcpkeepalive", 1),
    ("powermode", 0),
    ("womp", 1),
)


def main(arguments: list[str]) -> int:
    if arguments[:1] != ["-g"]:
        print("'pmset' must be run as root...", file=sys.stderr)
        return 1
    print("System-wide power settings:\nCurrently in use:")
    for name, value in _SETTINGS:
        print(f" {name:<20} {value}")
    return 0
