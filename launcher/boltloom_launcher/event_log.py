# SPDX-License-Identifier: Apache-2.0
"""A line of JSON for everything that happens to a run, for programs that watch it. contracts/events/ has the schema."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from boltloom_launcher.errors import UsageError


class EventLog:
    """Written as it happens; a restart goes on in the same file."""

    def __init__(self, path: str) -> None:
        """Open the file, behind what is there already.

        :raises UsageError: it cannot be written.
        """
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise UsageError(f"--events {path} cannot be written ({error.strerror})", "give another file") from None
        self._path = path
        self.problem = ""  # why nothing more is written

    def note(self, event: str, **content: Any) -> None:
        """Add a line. When that fails, ``problem`` says so from then on."""
        if self.problem:
            return
        line = json.dumps({"time": round(time.time(), 6), "event": event, **content}) + "\n"
        try:
            os.write(self._file, line.encode())
        except OSError as error:
            self.problem = f"cannot write {self._path} any more: {error.strerror}"
