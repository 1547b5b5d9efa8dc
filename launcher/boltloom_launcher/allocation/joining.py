# SPDX-License-Identifier: Apache-2.0
"""The ranks of a scheduler meet, each takes its ports, and all have one plan."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import socket
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.hostfile import Hostfile

from boltloom_launcher.agent.messages import Port
from boltloom_launcher.agent.ports import LOCKS, Ports, sweep
from boltloom_launcher.allocation.hub import Hub
from boltloom_launcher.allocation.messages import Agreed, Draft, Hello, token
from boltloom_launcher.allocation.place import Place
from boltloom_launcher.allocation.plan import Settings, members, plan_of, rank_addresses, with_agreed
from boltloom_launcher.allocation.visitor import Visitor
from boltloom_launcher.backends import Plan, backend
from boltloom_launcher.errors import BoltloomError, UnfitError
from boltloom_launcher.orders import run_name

# Not those that Ports gives to ranks, which keep them for hours; nor near the usual 32323 of mlx.launch.
_MEETING_PORTS = range(30000, 32000)
_LOOK_AGAIN_S = 0.1
_ANOTHER_MEETING_S = 30.0  # may last so long, and then its port is free again
_LOCALHOST = "127.0.0.1"
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Meeting:
    """Where and as what this rank meets the others."""

    place: Place
    host: str  # what the others shall call this one
    coordinator: str
    port: int
    key: bytes
    settings: Settings
    hostfile: Hostfile | None
    alike: str  # what has to be the same for all ranks


def derived_port(run: str) -> int:
    """A port that every rank finds by itself, another one for every run. It is needed only until all have met."""
    return _MEETING_PORTS[zlib.crc32(run.encode()) % len(_MEETING_PORTS)]


def join(meeting: Meeting, ports: Ports) -> Plan:
    """Meet the others. ``ports`` keeps what this rank will listen on.

    :raises UnfitError: they do not come, or do not fit together.
    :raises UsageError: the hosts do not serve the backend.
    """
    _tidy()
    deadline = time.monotonic() + meeting.settings.timeout
    if meeting.place.rank == 0:
        return _as_hub(meeting, ports, deadline)
    return _as_visitor(meeting, ports, deadline)


def _tidy() -> None:
    """A rank's locks of ports end with it, and their files lie there until somebody looks: we do."""
    with contextlib.suppress(OSError):
        for name in os.listdir(LOCKS):
            sweep([int(name)] if name.isdigit() else [])  # one by one: what is looked at looks taken to others


def _hello(meeting: Meeting) -> Hello:
    place = meeting.place
    return Hello(
        run=hashlib.sha256(place.run.encode()).hexdigest(),
        nonce="",
        alike=hashlib.sha256(meeting.alike.encode()).hexdigest(),
        rank=place.rank,
        size=place.size,
        host=meeting.host,
        local_rank=-1 if place.local_rank is None else place.local_rank,
        local_size=place.local_size or 0,
    )


# ---- rank 0 ----


def _as_hub(meeting: Meeting, ports: Ports, deadline: float) -> Plan:
    own = _hello(meeting)
    if own.size == 1:
        nonce = os.urandom(16).hex()
        draft = _draft(meeting, [own], [_LOCALHOST])
        plan, agreed = _own_part(meeting, draft, nonce, ports, lambda: {})
        return with_agreed(plan, draft, agreed)
    hub = Hub(_listener(meeting, deadline), own, meeting.key, deadline)
    guests = [guest for _, guest in sorted(hub.gather().items())]
    addresses = rank_addresses([(guest.peer, guest.here) for guest in guests])
    draft = _or_tell(hub, lambda: _draft(meeting, [own, *(guest.hello for guest in guests)], addresses))
    plan, agreed = _or_tell(hub, lambda: _own_part(meeting, draft, hub.nonce, ports, lambda: hub.ask(draft)))
    hub.agree(agreed)
    return with_agreed(plan, draft, agreed)


def _or_tell(hub: Hub, work: Callable[[], _Result]) -> _Result:
    """What stops rank 0 is told to all."""
    try:
        return work()
    except BoltloomError as error:
        hub.refuse(error.one_line())
        raise


def _draft(meeting: Meeting, hellos: list[Hello], addresses: list[str]) -> Draft:
    listed = members(hellos, addresses, meeting.hostfile, meeting.settings.backend)
    return Draft(run_name(os.urandom(3)), addresses[0], listed)


def _own_part(
    meeting: Meeting, draft: Draft, nonce: str, ports: Ports, ask: Callable[[], dict[int, list[int]]]
) -> tuple[Plan, Agreed]:
    plan = plan_of(draft, meeting.settings, token(meeting.key, nonce))
    backend(plan.backend).check(plan)
    own = _take(ports, plan, 0, extra=[Port(draft.address, 0, "")] * 2)
    others = ask()
    *ring, coordinator, master = own
    return plan, Agreed(coordinator, master, [ring, *(others[rank] for rank in sorted(others))])


def _listener(meeting: Meeting, deadline: float) -> socket.socket:
    """Open the port as soon as whoever has it leaves: another run that meets there needs it for a moment only."""
    place = ("", meeting.port)
    family = _family(meeting.coordinator)
    if meeting.coordinator == _LOCALHOST:
        place = (_LOCALHOST, meeting.port)
    deadline = min(deadline, time.monotonic() + _ANOTHER_MEETING_S)
    while True:
        try:
            return socket.create_server(place, family=family, backlog=1024)
        except OSError as error:
            why = error
        if why.errno != errno.EADDRINUSE or time.monotonic() > deadline:
            reason = os.strerror(why.errno or 0)
            raise UnfitError([f"rank 0 cannot listen on port {meeting.port} ({reason}): give another with --port"])
        time.sleep(_LOOK_AGAIN_S)


def _family(host: str) -> socket.AddressFamily:
    """IPv4 where the host has it, which is all that MLX reads."""
    with contextlib.suppress(OSError, UnicodeError):
        found = {each[0] for each in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
        if found == {socket.AF_INET6}:
            return socket.AF_INET6
    return socket.AF_INET


# ---- the others ----


def _as_visitor(meeting: Meeting, ports: Ports, deadline: float) -> Plan:
    visitor = Visitor(
        (meeting.coordinator, meeting.port), _hello(meeting), meeting.key, deadline, meeting.place.new_names
    )
    draft = visitor.visit()
    plan = plan_of(draft, meeting.settings, token(meeting.key, visitor.hub_nonce))
    try:
        own = _take(ports, plan, meeting.place.rank)
    except UnfitError as error:
        visitor.refuse(error.message)
        raise
    return with_agreed(plan, draft, visitor.choose(own))


def _take(ports: Ports, plan: Plan, rank: int, extra: list[Port] | None = None) -> list[int]:
    wanted = [each for each in backend(plan.backend).ports(plan) if each.rank == rank]
    taken, problems = ports.take([*(Port(each.address, each.port, each.remedy) for each in wanted), *(extra or [])])
    if problems:
        raise UnfitError([f"rank {rank} on {plan.hosts[rank].ssh}: {problem}" for problem in problems])
    return taken
