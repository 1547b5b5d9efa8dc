# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Asks a host about RDMA, and waits until the tables of its ports hold the addresses of a plan."""

from __future__ import annotations

import os
import time
from typing import Any, Callable, Dict, List, Mapping, Tuple

from .._fabric import rdma as fabric_rdma
from .._fabric import rdma_ends
from .._fabric.linux import rdma as linux_rdma
from .._fabric.model import HostFacts, RdmaFacts, WantPort
from .._fabric.part import host_plan
from .commands import HostError, Run
from .commands import run as run_here
from .probe import read_facts

PAUSE = 0.5  # between two looks
COMMAND_TIMEOUT = 10.0  # these commands answer at once, or never
_MOST_DEVICES = 64
_MOST_GIDS = 256  # a table of 1024 places has its few entries in front


def ask(
    plan: Mapping[str, Any], host: str, timeout: float, run: Run = run_here, root: str = "/"
) -> Tuple[HostFacts, RdmaFacts]:
    """The Thunderbolt ports and what they can do by RDMA; with a plan, once they are as it wants ``host``.

    :raises HostError, ParseError: the ports could not be read, or the plan is none or does not know the host.
    """
    ports = host_plan(plan, host).ports if plan else ()
    facts = read_facts(run, root)
    return facts, read_settled(run, root, facts, ports, timeout)


def read(run: Run, root: str, facts: HostFacts) -> RdmaFacts:
    """What this host can do by RDMA now. Never raises: what cannot be asked is a verdict of its own."""
    if facts.system == "linux":
        return fabric_rdma.linux_rdma(_sysfs(os.path.join(root, "sys")), facts)
    return fabric_rdma.macos_rdma(_said(run), facts)


def read_settled(
    run: Run,
    root: str,
    facts: HostFacts,
    ports: Tuple[WantPort, ...],
    timeout: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> RdmaFacts:
    """Look until every planned port is as the plan wants it, at most ``timeout`` seconds; then what there is.

    A table follows the addresses of its interface a moment later, and so does a port that leaves the bridge.
    """
    deadline = clock() + timeout
    while True:
        found = read(run, root, facts)
        if clock() >= deadline or found.verdict in rdma_ends.OF_THE_HOST or settled(found, ports):
            return found
        sleep(PAUSE)


def settled(found: RdmaFacts, ports: Tuple[WantPort, ...]) -> bool:
    """Every planned port that can be a Thunderbolt 5 link is active and holds its address."""
    return all(
        device is not None and device.active and rdma_ends.gid_index(device, port.address) >= 0
        for port in ports
        if port.speed_gbps >= rdma_ends.THUNDERBOLT_5_GBPS
        for device in (rdma_ends.device_on(found.devices, port.device),)
    )


def _said(run: Run) -> Dict[str, fabric_rdma.Said]:
    """The answers of the commands that exist here."""
    said: Dict[str, fabric_rdma.Said] = {}
    for key, argv in fabric_rdma.MACOS_RDMA_COMMANDS.items():
        try:
            output = run(argv, COMMAND_TIMEOUT)
        except HostError as error:
            said[key] = fabric_rdma.Said("", error.message, -1)
            continue
        if output.rc != 127:
            said[key] = fabric_rdma.Said(output.stdout, output.stderr, output.rc)
    return said


def _sysfs(sysfs: str) -> Dict[str, str]:
    """The RDMA devices, and where the network interfaces hang; paths below /sys."""
    found: Dict[str, str] = {}
    devices = os.path.join(sysfs, linux_rdma.DEVICES)
    for name in _entries(devices)[:_MOST_DEVICES]:
        folder = os.path.join(devices, name)
        _keep(found, sysfs, os.path.join(folder, "node_guid"))
        _keep_target(found, sysfs, os.path.join(folder, "device"))
        for port in _entries(os.path.join(folder, "ports")):
            place = os.path.join(folder, "ports", port)
            _keep(found, sysfs, os.path.join(place, "state"))
            for table in ("gids", "gid_attrs/ndevs"):
                for index in _numbers(os.path.join(place, table)):
                    _keep(found, sysfs, os.path.join(place, table, index))
    if found:
        interfaces = os.path.join(sysfs, linux_rdma.NETWORKS)
        for name in _entries(interfaces):
            _keep_target(found, sysfs, os.path.join(interfaces, name, "device"))
    return found


def _keep(found: Dict[str, str], sysfs: str, path: str) -> None:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            found[os.path.relpath(path, sysfs)] = file.read()
    except OSError:  # a free place of the table has no interface, and reading says "invalid argument"
        return


def _keep_target(found: Dict[str, str], sysfs: str, path: str) -> None:
    """Where a link leads in the end: the names on the way say which cable it hangs on."""
    if os.path.islink(path):
        found[os.path.relpath(path, sysfs)] = os.path.relpath(os.path.realpath(path), os.path.realpath(sysfs))


def _entries(folder: str) -> List[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _numbers(folder: str) -> List[str]:
    return sorted((name for name in _entries(folder) if name.isdigit()), key=int)[:_MOST_GIDS]
