# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Verifies links from one end: the address is there, the route leaves by the cable, the peer answers."""

from __future__ import annotations

import re
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, Callable, Dict, Mapping, Tuple

from .._fabric.errors import BoltloomError
from .._fabric.model import WantPort
from .commands import HostError, Run
from .commands import run as run_here
from .configure import host_plan
from .probe import system_of

IP_BOUND_IF = 25  # macOS: <netinet/in.h>; Python has no name for it
ATTEMPT_SECONDS = 2.0
PAUSE_SECONDS = 0.2  # between attempts that fail at once
REFUSED = "refused"  # the peer's own system answered that nobody listens: the way there and back works


@dataclass(frozen=True)
class CheckedLink:
    """A link that works, seen from this end."""

    receptacle: int
    device: str
    peer: str
    peer_address: str
    evidence: str
    milliseconds: float

    def as_dict(self) -> Dict[str, Any]:
        """For the module's result."""
        return asdict(self)


# (port, TCP port, seconds) -> what the peer answered. :raises OSError: it did not.
Ask = Callable[[WantPort, int, float], str]


def check_links(
    plan: Mapping[str, Any], host: str, port: int, timeout: float, run: Run = run_here, root: str = "/"
) -> Tuple[CheckedLink, ...]:
    """Verify all links of this host at once. :raises HostError: names every link that does not work."""
    wanted = host_plan(plan, host).ports
    if not wanted:
        return ()
    system = system_of(root)
    with ThreadPoolExecutor(max_workers=len(wanted)) as pool:
        futures = [pool.submit(_check, want, system, port, timeout, run) for want in wanted]
    checked, failures = [], []
    for want, future in zip(wanted, futures):
        try:
            checked.append(future.result())
        except BoltloomError as error:
            failures.append(
                "{0} port {1} ({2}) to {3}: {4}".format(host, want.receptacle, want.device, want.peer, error.one_line())
            )
    if failures:
        raise HostError("; ".join(failures))
    return tuple(checked)


def _check(want: WantPort, system: str, port: int, timeout: float, run: Run) -> CheckedLink:
    _check_address(want, system, run)
    _check_route(want, system, run)
    begin = time.monotonic()
    try:
        evidence = ask_until(want, port, timeout)
    except OSError as error:
        raise HostError(*_silence(want, timeout, error, run)) from error
    took = round((time.monotonic() - begin) * 1000, 3)
    return CheckedLink(want.receptacle, want.device, want.peer, want.peer_address, evidence, took)


def _check_address(want: WantPort, system: str, run: Run) -> None:
    macos = ["/sbin/ifconfig", want.device]
    linux = ["ip", "-4", "address", "show", "dev", want.device]
    output = run(macos if system == "macos" else linux)
    if not re.search(r"\binet {0}\b".format(re.escape(want.address)), output.stdout):
        why = "" if output.rc == 0 else " ({0})".format(output.words())
        raise HostError(
            "the address {0} is not on the interface{1}".format(want.address, why),
            "run boltloom.cluster.configure again",
        )


def _check_route(want: WantPort, system: str, run: Run) -> None:
    if system == "macos":
        output, leaves = run(["/sbin/route", "-n", "get", want.peer_address]), r"interface: (\S+)"
    else:
        output, leaves = run(["ip", "-4", "route", "get", want.peer_address]), r"\bdev (\S+)"
    match = re.search(leaves, output.stdout)
    if match is None:
        raise HostError("there is no route to {0} ({1})".format(want.peer_address, output.words()))
    if match.group(1) != want.device:
        raise HostError(
            "the route to {0} leaves by {1} instead of by the cable".format(want.peer_address, match.group(1)),
            "another interface of this host uses the same network; choose another thunderbolt_net_pool",
        )


def ask_until(want: WantPort, port: int, timeout: float) -> str:
    """Ask the peer until it answers. :raises OSError: the last failure when the time is over."""
    deadline = time.monotonic() + timeout
    while True:
        left = deadline - time.monotonic()
        try:
            return ask(want, port, max(0.1, min(ATTEMPT_SECONDS, left)))
        except OSError:
            if time.monotonic() + PAUSE_SECONDS >= deadline:
                raise
            time.sleep(PAUSE_SECONDS)


def ask(want: WantPort, port: int, seconds: float) -> str:
    """Connect once over the cable and read the greeting. :raises OSError: no answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
        connection.settimeout(seconds)
        _bind_to_device(connection, want.device)
        connection.bind((want.address, 0))
        try:
            connection.connect((want.peer_address, port))
        except ConnectionRefusedError:
            return REFUSED
        greeting = connection.recv(256)
    return greeting.decode("ascii", "replace").strip() or "connected"


def _bind_to_device(connection: socket.socket, device: str) -> None:
    """So that no other interface answers for this one. The route was checked, so not being allowed to is harmless."""
    try:
        if sys.platform == "darwin":
            connection.setsockopt(socket.IPPROTO_IP, IP_BOUND_IF, socket.if_nametoindex(device))
        else:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b"\0")
    except PermissionError:  # Linux before 5.7, without root
        pass


def _silence(want: WantPort, timeout: float, error: OSError, run: Run) -> Tuple[str, str]:
    """What was seen and what to do. A second opinion by ping tells a dead cable from a filter."""
    message = "{0} did not answer within {1:g} s ({2})".format(want.peer_address, timeout, error.strerror or error)
    try:
        pinged = run(["ping", "-c", "1", want.peer_address], 5.0).rc == 0
    except HostError:
        pinged = False
    if pinged:
        return message, (
            "ping gets through, so the cable is good; look at the firewall of both hosts, and on macOS at "
            "Privacy & Security > Local Network for the Python that runs this"
        )
    return message, "look at the cable, and whether {0} is configured".format(want.peer)
