# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Verifies links from one end: the port has a link and its address, the route is the cable, the peer answers."""

from __future__ import annotations

import ipaddress
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple

from .._fabric.errors import BoltloomError
from .._fabric.model import WantPort
from .._fabric.part import host_plan
from .._fabric.shown import end as end_words
from .._fabric.shown import port as port_words
from .commands import HostError, Output, Run
from .commands import run as run_here
from .link_measure import Measured, farewell, measure
from .link_wire import bind_to_device
from .system import system_of

ATTEMPT_SECONDS = 2.0
PAUSE_SECONDS = 0.2  # between attempts that fail at once
SETTLE_SECONDS = 3.0  # a port that just left a bridge needs a moment until its link is back, and its address with it
REFUSED = "refused"  # the peer's own system answered that nobody listens: the way there and back works

# Host -> the listening ends that it opened (``link_ends.LinkEnd.as_dict``).
Ends = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class CheckOptions:
    """What the user may say about a check."""

    port: int = 22  # where the peer's ssh server listens, which greets whoever connects
    timeout: float = 10.0  # seconds that a link may take to answer
    seconds: float = 0.0  # for which each direction is measured


@dataclass(frozen=True)
class CheckedLink:
    """A link seen from this end."""

    receptacle: int
    device: str
    peer: str
    peer_receptacle: int
    peer_device: str
    address: str
    peer_address: str
    works: bool
    evidence: str = ""  # what the peer answered
    problem: str = ""  # why it does not work, or in what it was not measured
    milliseconds: float = 0.0
    send_gbps: float = 0.0
    receive_gbps: float = 0.0
    speed_gbps: int = 0  # of the cable when it was planned

    def as_dict(self) -> Dict[str, Any]:
        """For the module's result."""
        return asdict(self)

    def line(self, host: str) -> str:
        """The link with both of its ends, and what is wrong with it."""
        here = end_words(host, self.receptacle, self.device)
        return "{0} to {1}: {2}".format(
            here, end_words(self.peer, self.peer_receptacle, self.peer_device), self.problem
        )


# (port, TCP port, seconds) -> what the peer answered. :raises OSError: it did not.
Ask = Callable[[WantPort, int, float], str]


def check_links(
    plan: Mapping[str, Any],
    host: str,
    options: CheckOptions,
    ends: Optional[Ends] = None,
    run: Run = run_here,
    root: str = "/",
) -> Tuple[CheckedLink, ...]:
    """Verify all links of this host at once, then measure one after the other: they would share a processor."""
    wanted = host_plan(plan, host).ports
    if not wanted:
        return ()
    system = system_of(root)
    with ThreadPoolExecutor(max_workers=len(wanted)) as pool:
        checked = list(pool.map(lambda want: _check(want, system, options, run), wanted))
    return tuple(_measured(want, link, ends or {}, options) for want, link in zip(wanted, checked))


def failures(host: str, checked: Sequence[CheckedLink]) -> str:
    """One line that names every link that does not work; "" when all do."""
    return "; ".join(link.line(host) for link in checked if not link.works)


def _check(want: WantPort, system: str, options: CheckOptions, run: Run) -> CheckedLink:
    begin = time.monotonic()
    try:
        _check_interface(want, system, run)
        _check_route(want, system, run)
        begin = time.monotonic()
        evidence = ask_until(want, options.port, options.timeout)
    except BoltloomError as error:
        return _link(want, works=False, problem=error.one_line())
    except OSError as error:
        return _link(want, works=False, problem=_silence(want, options.timeout, error, run).one_line())
    took = round((time.monotonic() - begin) * 1000, 3)
    return _link(want, works=True, evidence=evidence, milliseconds=took)


def _link(want: WantPort, works: bool, **found: Any) -> CheckedLink:
    return CheckedLink(
        want.receptacle,
        want.device,
        want.peer,
        want.peer_receptacle,
        want.peer_device,
        want.address,
        want.peer_address,
        works,
        speed_gbps=want.speed_gbps,
        **found,
    )


def _measured(want: WantPort, link: CheckedLink, ends: Ends, options: CheckOptions) -> CheckedLink:
    """What the other end's own listener says. A link that answers otherwise still works, measured or not."""
    end = next((end for end in ends.get(want.peer, ()) if end.get("address") == want.peer_address), None)
    if end is None or not link.works:
        return link
    if not end.get("port"):
        return _link(want, True, evidence=link.evidence, problem="not measured ({0})".format(end.get("problem")))
    try:
        found = measure(want, end, options.seconds if _is_first_end(want) else 0.0)
    except BoltloomError as error:
        return _link(want, False, evidence=link.evidence, problem=error.one_line())
    except OSError as error:
        words = "not measured ({0}): look at the firewall of {1}".format(error.strerror or error, want.peer)
        return _link(want, True, evidence=link.evidence, milliseconds=link.milliseconds, problem=words)
    finally:
        farewell(want, end)
    return _proven(want, found)


def _proven(want: WantPort, found: Measured) -> CheckedLink:
    return _link(
        want,
        True,
        evidence=end_words(want.peer, want.peer_receptacle, want.peer_device),
        milliseconds=found.milliseconds,
        send_gbps=found.send_gbps,
        receive_gbps=found.receive_gbps,
    )


def _is_first_end(want: WantPort) -> bool:
    """One end measures both directions; were both to do it at once, each would see half."""
    return ipaddress.IPv4Address(want.address) < ipaddress.IPv4Address(want.peer_address)


def _check_interface(want: WantPort, system: str, run: Run) -> None:
    """:raises HostError: after a moment there is still no link, or still not the address."""
    macos, linux = ["/sbin/ifconfig", want.device], ["ip", "address", "show", "dev", want.device]
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        missing = _missing(want, run(macos if system == "macos" else linux))
        if missing is None:
            return
        if time.monotonic() >= deadline:
            raise missing
        time.sleep(PAUSE_SECONDS)


def _missing(want: WantPort, output: Output) -> Optional[HostError]:
    """What the interface lacks. Only a clear no is no link; one that is not there lacks its address."""
    if re.search(r"status: inactive|\bNO-CARRIER\b", output.stdout):
        port = port_words(want.receptacle, want.device)
        return HostError("no link on {0}".format(port), "plug the cable in at both ends, or try another")
    if re.search(r"\binet {0}\b".format(re.escape(want.address)), output.stdout):
        return None
    why = "" if output.rc == 0 else " ({0})".format(output.words())
    return HostError(
        "the address {0} is not on the interface{1}".format(want.address, why), "run boltloom.cluster.configure again"
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
        bind_to_device(connection, want.device)
        connection.bind((want.address, 0))
        try:
            connection.connect((want.peer_address, port))
        except ConnectionRefusedError:
            return REFUSED
        greeting = connection.recv(256)
    return greeting.decode("ascii", "replace").strip() or "connected"


def _silence(want: WantPort, timeout: float, error: OSError, run: Run) -> HostError:
    """What was seen and what to do. A second opinion by ping tells a dead cable from a filter."""
    message = "{0} did not answer within {1:g} s ({2})".format(want.peer_address, timeout, error.strerror or error)
    try:
        pinged = run(["ping", "-c", "1", want.peer_address], 5.0).rc == 0
    except HostError:
        pinged = False
    if pinged:
        return HostError(
            message,
            "ping gets through, so the cable is good; look at the firewall of both hosts, and on macOS at "
            "Privacy & Security > Local Network for the Python that runs this",
        )
    return HostError(message, "look at the cable, and whether {0} is configured".format(want.peer))
