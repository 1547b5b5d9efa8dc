# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Runs the commands of macOS whose outputs ``_fabric`` turns into facts.

They run side by side, each with a deadline and all with one together: a reading ends within ``TOTAL`` seconds,
whatever hangs. One that fails costs the facts that it alone gives, and its complaint becomes a warning; without the
indispensable ones there is no reading.
"""

from __future__ import annotations

import os
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Dict, List, Mapping, Sequence, Tuple, Union

from .._fabric import facts as fabric_facts
from .._fabric.errors import BoltloomError
from .commands import DEFAULT_TIMEOUT, HostError, Run, required

TOTAL = 90.0  # seconds for a whole reading
PROFILER_TIMEOUT = 60.0  # system_profiler takes a second, and several right after boot
SIDE_BY_SIDE = 4
MOST_SERVICES = 64  # that are asked for their configuration: a port has one or two
MOST_BYTES = 8 << 20  # of preferences.plist, which has some tens of thousands
MOST_DAEMONS = 2000

Raw = Dict[str, Union[str, bytes]]
Answer = Tuple[str, str]  # what a command printed, or else why it did not


def collect(run: Run, root: str) -> Raw:
    """The raw outputs by the keys of ``_fabric.facts``. :raises HostError: an indispensable command failed."""
    deadline = time.monotonic() + TOTAL
    raw: Raw = {}
    for key, (text, complaint) in _ask(run, fabric_facts.MACOS_COMMANDS, deadline).items():
        if complaint and key in fabric_facts.MACOS_INDISPENSABLE:
            raise HostError(complaint)
        raw[fabric_facts.FAILED_PREFIX + key if complaint else key] = complaint or text
    raw.update(_preferences(preferences_path(root)))
    raw[fabric_facts.MACOS_DAEMONS_KEY] = _daemons(os.path.join(root, fabric_facts.MACOS_DAEMONS_FOLDER.lstrip("/")))
    questions: Dict[str, Tuple[str, ...]] = {}
    for service in fabric_facts.services_to_ask(raw)[:MOST_SERVICES]:
        questions[fabric_facts.GETINFO_PREFIX + service] = fabric_facts.MACOS_GETINFO + (service,)
        questions[fabric_facts.DNS_PREFIX + service] = fabric_facts.MACOS_DNS + (service,)
    for key, (text, complaint) in _ask(run, questions, deadline).items():
        raw[fabric_facts.FAILED_PREFIX + key if complaint else key] = complaint or text
    return raw


def _ask(run: Run, questions: Mapping[str, Sequence[str]], deadline: float) -> Dict[str, Answer]:
    """The answers by key, in the order of the questions."""

    def answer(key: str) -> Answer:
        timeout = PROFILER_TIMEOUT if key == "system_profiler" else DEFAULT_TIMEOUT
        left = deadline - time.monotonic()
        if left <= 0:
            return "", "{0} was not run: reading this host took {1:g} s".format(" ".join(questions[key]), TOTAL)
        try:
            return _printed(run, key, questions[key], min(timeout, left)), ""
        except BoltloomError as error:
            return "", error.one_line()

    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        return dict(zip(questions, pool.map(answer, questions)))


def _printed(run: Run, key: str, argv: Sequence[str], timeout: float) -> str:
    if key == "sysctl":  # it fails for each name that this version of macOS does not have, and prints the others
        return run(argv, timeout).stdout
    return required(run, argv, timeout).stdout


def _preferences(path: str) -> Raw:
    """The file, or why it cannot be read: it may be missing, unreadable, or no file at all."""
    key = fabric_facts.MACOS_PREFERENCES_KEY
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe without writer would hold us
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                return {fabric_facts.FAILED_PREFIX + key: "it is no file"}
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        return {fabric_facts.FAILED_PREFIX + key: error.strerror or type(error).__name__}
    if len(content) > MOST_BYTES:
        return {fabric_facts.FAILED_PREFIX + key: "it has more than {0} MiB".format(MOST_BYTES >> 20)}
    return {key: content}


def _daemons(folder: str) -> str:
    names: List[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                names.append(entry.name.replace("\n", "?"))
                if len(names) == MOST_DAEMONS:
                    break
    except OSError:  # no such folder: no such daemons
        return ""
    return "".join(name + "\n" for name in sorted(names))


def preferences_path(root: str) -> str:
    """Where macOS keeps what networksetup writes."""
    return os.path.join(root, fabric_facts.MACOS_PREFERENCES_FILE.lstrip("/"))
