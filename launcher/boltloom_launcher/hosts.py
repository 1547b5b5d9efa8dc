# SPDX-License-Identifier: Apache-2.0
"""Hosts as the launcher handles them: how each is reached, and which ranks sit on it."""

from __future__ import annotations

import ipaddress
import re
import shlex
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.hostfile import Host
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.hostfile_hosts import reached

from boltloom_launcher.agent.named_tuple import NamedTuple

ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_LOCAL = ("127.0.0.1", "localhost", "::1")


class HostSettings(NamedTuple):
    """What an inventory says of the ranks of a host. The command line wins over it."""

    python: str = ""  # for scripts and modules
    cwd: str = ""
    env: tuple[tuple[str, str], ...] = ()


class Reach(NamedTuple):
    """How to start an agent on a host."""

    name: str  # what people call it
    target: str = ""  # what ssh is given; "" for this computer
    options: tuple[str, ...] = ()  # for ssh, before ours
    pythons: tuple[str, ...] = ()  # interpreters to try before the usual ones
    settings: HostSettings = HostSettings()  # of its ranks

    @property
    def typed(self) -> str:
        """The ssh that a person types to get there."""
        return shlex.join(["ssh", *self.options, self.target])

    @property
    def local(self) -> bool:
        """The host is this computer and needs no ssh."""
        return not self.target


class Seat(NamedTuple):
    """Where a rank sits."""

    rank: int
    host: int  # index into Roster.reaches
    local_rank: int
    local_size: int


class Roster(NamedTuple):
    """All ranks in order, and the hosts that they sit on, each host once."""

    hosts: tuple[Host, ...]  # one per rank, in rank order
    reaches: tuple[Reach, ...]
    seats: tuple[Seat, ...]

    def ranks_on(self, host: int) -> list[int]:
        """The ranks that sit on a host."""
        return [seat.rank for seat in self.seats if seat.host == host]

    def name(self, rank: int) -> str:
        """What people call the host of a rank."""
        return self.reaches[self.seats[rank].host].name

    def on_machines(self, machines: Sequence[str]) -> Roster:
        """Ranks count per computer; ``machines`` holds one name per host, the same for a computer with two names."""
        places = _places([machines[seat.host] for seat in self.seats])
        seats = tuple(
            seat._replace(local_rank=place, local_size=size)
            for seat, (place, size) in zip(self.seats, places, strict=True)
        )
        return self._replace(seats=seats)

    def with_addresses(self, addresses: Sequence[str]) -> Roster:
        """Ranks that nobody gave an address take the one of their host; ``addresses`` holds one per host.

        So do those with a loopback address, which means another computer on every host, unless all is on one.
        """

        def given(host: Host, address: str) -> bool:
            return bool(host.ips) and (_is_loopback(address) or not all(map(_is_loopback, host.ips)))

        hosts = tuple(
            host if given(host, addresses[seat.host]) else replace(host, ips=(addresses[seat.host],))
            for host, seat in zip(self.hosts, self.seats, strict=True)
        )
        return self._replace(hosts=hosts)


def default_reach(ssh: str, options: Sequence[str] = (), pythons: Sequence[str] = ()) -> Reach:
    """How to reach a host of which only the ssh name is known."""
    if ssh in _LOCAL:
        return Reach(name=ssh)
    name = ssh.rpartition("@")[2]
    if ssh.startswith("ssh://"):
        name = reached(ssh, "--hosts").host
    return Reach(name=name, target=ssh, options=tuple(options), pythons=tuple(pythons))


def seat(hosts: Sequence[Host], reach: Callable[[str], Reach]) -> Roster:
    """Group ranks by the host that they sit on."""
    names = [host.ssh for host in hosts]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    seats = (Seat(rank, numbers[names[rank]], *place) for rank, place in enumerate(_places(names)))
    return Roster(tuple(hosts), tuple(reach(name) for name in numbers), tuple(seats))


def _places(names: Sequence[str]) -> list[tuple[int, int]]:
    """For each rank: which one it is of those with the same name, and how many these are."""
    sizes, taken = Counter(names), Counter[str]()
    places = []
    for name in names:
        places.append((taken[name], sizes[name]))
        taken[name] += 1
    return places


def as_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that is written there, None if it is a name."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _is_loopback(text: str) -> bool:
    address = as_address(text)
    return address is not None and address.is_loopback
