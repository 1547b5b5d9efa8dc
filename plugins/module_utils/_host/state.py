# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""What this collection keeps on a host: where it is, and how it is written.

One folder below ``root`` that only root may change. Its files are replaced in one
instant and are on the disk when the function that wrote them returns.
"""

from __future__ import annotations

import json
import os
from typing import Any, Optional, Tuple

from .._fabric import codec
from .._fabric.errors import ParseError
from .._fabric.model import WantPort
from .._fabric.reading import json_value, printable
from . import whole_file
from .commands import HostError

FOLDERS = {"macos": "var/db/boltloom", "linux": "var/lib/boltloom"}
SCHEMA = 1


class State:
    """The places of our files on one host."""

    def __init__(self, system: str, root: str = "/") -> None:
        self.folder = os.path.join(root, FOLDERS.get(system, FOLDERS["linux"]))
        self.applied = os.path.join(self.folder, "applied.json")  # the ports as configured last; for everybody to read
        self.journal = os.path.join(self.folder, "journal")  # a change that was begun and is not confirmed yet
        self.origin = os.path.join(self.folder, "origin.json")  # what was there before our first change
        self.lock = os.path.join(self.folder, "lock")  # held by the run that is at work
        self.guard = os.path.join(self.folder, "guard")  # held by the process that waits for a confirmation
        self.outcome = os.path.join(self.folder, "outcome.json")  # what became of a change that nobody waited for


def read_applied(state: State) -> Tuple[WantPort, ...]:
    """The ports as they were configured last. :raises ParseError, HostError: the file is damaged or unreadable."""
    document = read_json(state.applied)
    try:
        return () if document is None else codec.host_plan_from_dict(document).ports
    except ParseError as error:
        raise ParseError("{0}: {1}".format(state.applied, error.message), error.hint) from error


def read_outcome(state: State) -> str:
    """What became of a change that nobody waited for, in words, "" if all is well."""
    document = read_json(state.outcome)
    return printable(str(document.get("words", "")), 500) if isinstance(document, dict) else ""


def read_json(path: str) -> Optional[Any]:
    """The document, None where there is no such file. :raises ParseError, HostError: damaged or unreadable."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return json_value(file.read(), path)
    except FileNotFoundError:
        return None
    except ParseError as error:
        words = error.message[len(path) + 2 :]
        raise ParseError("{0}: damaged ({1:.80})".format(path, words), "look at it and remove it") from error
    except OSError as error:
        raise HostError("{0} cannot be read: {1}".format(path, error.strerror)) from error


def write_json(path: str, document: Any, mode: int = 0o600) -> None:
    """Replace the file. :raises HostError: the disk is full, read-only, or not ours."""
    write_text(path, json.dumps(document, indent=1, sort_keys=True) + "\n", mode)


def write_text(path: str, text: str, mode: int = 0o600) -> None:
    """Replace the file with this text. :raises HostError: the disk is full, read-only, or not ours."""
    try:
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        whole_file.replace(path, text.encode("utf-8"), mode)
    except OSError as error:
        raise HostError("{0} cannot be written: {1}".format(path, error.strerror or error)) from error


def append_line(path: str, line: str) -> None:
    """Add a line that is on the disk when this returns. :raises HostError: the disk is full or read-only."""
    try:
        with open(path, "a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise HostError("{0} cannot be written: {1}".format(path, error.strerror or error)) from error
