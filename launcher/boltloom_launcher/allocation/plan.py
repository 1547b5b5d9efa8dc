# SPDX-License-Identifier: Apache-2.0
"""The plan of a run whose ranks a scheduler has placed: from who came, from where, and from a hostfile if there is one.

Pure: every rank makes the same plan from the same draft.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.hostfile import Host, Hostfile

from boltloom_launcher.allocation.messages import Agreed, Draft, Hello, Member
from boltloom_launcher.backends import Plan, endpoint
from boltloom_launcher.data_paths import cables_of
from boltloom_launcher.errors import UnfitError
from boltloom_launcher.hosts import Seat, as_address, default_reach

_HOST = re.compile(r"[^\s;=,\x00-\x1f-][^\s;=,\x00-\x1f]{0,254}")  # what may stand in BOLTLOOM_HOSTS


@dataclass(frozen=True)
class Settings:
    """What the command line says, the same for all ranks."""

    backend: str
    timeout: float
    starting_port: int | None = None
    connections_per_ip: int = 1
    nccl_port: int | None = None
    verbose: bool = False


def rank_addresses(seen: Sequence[tuple[str, str]]) -> list[str]:
    """One address per rank, rank 0 first, from (the other's address, ours as it sees it) of all others.

    Who comes over the loopback is on rank 0's host, and has its address for those on other hosts.
    """
    away = [here for peer, here in seen if not _is_loopback(peer)]
    own = away[0] if away else "127.0.0.1"
    return [own, *(own if _is_loopback(peer) else peer for peer, _ in seen)]


def members(hellos: Sequence[Hello], addresses: Sequence[str], hostfile: Hostfile | None, backend: str) -> list[Member]:
    """All ranks in their order. :raises UnfitError: a host is not in the hostfile, or their order does not serve."""
    hosts = [hello.host for hello in hellos]
    for rank, host in enumerate(hosts):
        if not _HOST.fullmatch(host):
            raise UnfitError([f"rank {rank} calls its host {host[:60]!r}, which is no name: correct it there"])
    entries = _entries(hosts, addresses, hostfile) if hostfile else []
    if hostfile and backend == "ring" and _over_cables(hostfile):
        _check_order(entries, hostfile, hosts)
    made = []
    for rank, hello in enumerate(hellos):
        at = [other for other, host in enumerate(hosts) if host == hello.host]
        ips: tuple[str, ...] = (addresses[rank],)
        rdma: list[list[str]] = []
        if hostfile:
            entry = hostfile.hosts[entries[rank]]
            ips = entry.ips or ips
            rdma = [list(entry.rdma[other]) if other != entries[rank] else [] for other in entries if entry.rdma]
        counted = hello.local_rank < 0
        made.append(
            Member(
                host=hello.host,
                ips=list(ips),
                rdma=rdma,
                local_rank=at.index(rank) if counted else hello.local_rank,
                local_size=len(at) if counted else hello.local_size,
            )
        )
    return made


def plan_of(draft: Draft, settings: Settings, token: str) -> Plan:
    """The plan, without ports."""
    names = list(dict.fromkeys(member.host for member in draft.members))
    return Plan(
        backend=settings.backend,
        hosts=tuple(Host(each.host, tuple(each.ips), tuple(map(tuple, each.rdma))) for each in draft.members),
        seats=tuple(
            Seat(rank, names.index(each.host), each.local_rank, each.local_size)
            for rank, each in enumerate(draft.members)
        ),
        coordinator=endpoint(draft.address, 0),
        master_port=0,
        token=token,
        run_id=draft.run_id,
        timeout=settings.timeout,
        starting_port=settings.starting_port,
        connections_per_ip=settings.connections_per_ip,
        nccl_port=settings.nccl_port,
        verbose=settings.verbose,
    )


def with_agreed(plan: Plan, draft: Draft, agreed: Agreed) -> Plan:
    """The whole plan."""
    return plan._replace(
        coordinator=endpoint(draft.address, agreed.coordinator),
        master_port=agreed.master,
        ports=tuple(map(tuple, agreed.ports)),
    )


# ---- the hostfile ----


def _entries(hosts: Sequence[str], addresses: Sequence[str], hostfile: Hostfile) -> list[int]:
    """For each rank its entry: that of its host; where a host has several, its ranks take one each."""
    names = [default_reach(host.ssh).name for host in hostfile.hosts]
    chosen: list[int] = []
    for rank, host in enumerate(hosts):
        at = _at(host, addresses[rank], names, hostfile)
        before = hosts[:rank].count(host)
        if not at or len(at) > 1 and before >= len(at):
            has = f"only {len(at)} entries for {host}, and rank {rank} is one more" if at else f"no host {host}"
            where = "" if at else f", where rank {rank} runs"
            raise UnfitError(
                [f"the hostfile has {has}{where}: it has {', '.join(dict.fromkeys(names))}; give one for these hosts"]
            )
        chosen.append(at[before] if len(at) > 1 else at[0])
    return chosen


def _at(host: str, address: str, names: Sequence[str], hostfile: Hostfile) -> list[int]:
    """The entries of a host: by its name, by its name without the domain, or by its address."""
    short = host.partition(".")[0]
    return (
        [i for i, name in enumerate(names) if name == host]
        or [i for i, name in enumerate(names) if name.partition(".")[0] == short and as_address(name) is None]
        or [i for i, name in enumerate(names) if address == name or address in hostfile.hosts[i].ips]
    )


def _over_cables(hostfile: Hostfile) -> bool:
    """Its addresses are those of cables to the previous host."""
    addresses = {address for address, _ in cables_of(hostfile)}
    return any(ip in addresses for host in hostfile.hosts for ip in host.ips)


def _check_order(entries: Sequence[int], hostfile: Hostfile, hosts: Sequence[str]) -> None:
    """The cables make a ring of the hosts in the file's order, wherever it begins."""
    stops = [entry for i, entry in enumerate(entries) if entry != entries[i - 1] or len(entries) == 1]
    size = len(hostfile.hosts)
    if len(set(entries)) == 1 or len(stops) == size and all((stops[0] + i) % size == e for i, e in enumerate(stops)):
        return
    order = ", ".join(default_reach(host.ssh).name for host in hostfile.hosts)
    came = ", ".join(dict.fromkeys(hosts))
    raise UnfitError(
        [f"the cables of the hostfile make a ring of {order}, and the ranks are on {came}: start them in that order"]
    )


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback
