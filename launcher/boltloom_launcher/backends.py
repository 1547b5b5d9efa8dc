# SPDX-License-Identifier: Apache-2.0
"""The backends, one row each: what must hold before a job starts, and what a rank finds in its environment.

Each rank gets our variables, those of PyTorch, and of MLX's only those of the chosen
backend, so that ``mlx.core.distributed.init("any")`` cannot pick another.
``contracts/rank_env/`` pins the result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.hostfile import Host
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.hostfile_hosts import bare_name

from boltloom_launcher.agent.named_tuple import NamedTuple
from boltloom_launcher.errors import UsageError
from boltloom_launcher.hosts import Seat

# What an outer run or the user's shell may have left in the environment and would mislead a rank.
STALE = (
    *("MLX_RANK", "MLX_HOSTFILE", "MLX_IBV_DEVICES", "MLX_JACCL_COORDINATOR", "MLX_JACCL_RING", "MLX_WORLD_SIZE"),
    *("JACCL_RANK", "JACCL_IBV_DEVICES", "JACCL_COORDINATOR", "JACCL_RING", "NCCL_HOST_IP", "NCCL_PORT"),
    *("BOLTLOOM_RANK", "BOLTLOOM_WORLD_SIZE", "BOLTLOOM_LOCAL_RANK", "BOLTLOOM_LOCAL_SIZE", "BOLTLOOM_HOSTS"),
    *("BOLTLOOM_BACKEND", "BOLTLOOM_COORDINATOR", "BOLTLOOM_TOKEN", "BOLTLOOM_RUN_ID", "BOLTLOOM_TIMEOUT"),
    *("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"),
)


class Plan(NamedTuple):
    """Everything that decides the environment of the ranks."""

    backend: str
    hosts: tuple[Host, ...]  # one per rank, with addresses
    seats: tuple[Seat, ...]
    coordinator: str  # "IP:PORT"
    master_port: int
    token: str
    run_id: str
    timeout: float
    starting_port: int | None = None  # None: ports that are free on each host
    connections_per_ip: int = 1
    nccl_port: int | None = None
    verbose: bool = False
    addresses: tuple[str, ...] = ()  # per host: of management
    hostnames: tuple[str, ...] = ()  # per host: its own name for itself
    ports: tuple[tuple[int, ...], ...] = ()  # per rank, in the order of the backend's; () before the hosts chose them


class Listening(NamedTuple):
    """A port that a rank is going to listen on."""

    rank: int
    address: str
    port: int  # 0: one that is free
    remedy: str  # what to do when it is taken


class Backend(NamedTuple):
    """A row of the table. ``check`` and ``ports`` are given a plan whose ports are not known yet."""

    name: str
    check: Callable[[Plan], None]  # raises UsageError when the hosts' description does not serve it
    env: Callable[[Plan, int], dict[str, str]]
    files: Callable[[Plan], dict[str, object]]  # variable -> JSON content of the file it points to
    ports: Callable[[Plan], list[Listening]]
    starter: Literal["agent", "mpirun"] = "agent"  # who starts the ranks


def endpoint(address: str, port: int) -> str:
    """ "IP:PORT", with brackets around an IPv6 address."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def rank_env(plan: Plan, rank: int) -> tuple[dict[str, str], dict[str, object]]:
    """The variables that a rank gets, and those whose value is the path of a file, with its content."""
    row = BACKENDS[plan.backend]
    seat, size = plan.seats[rank], len(plan.hosts)
    env = {
        "BOLTLOOM_RANK": str(rank),
        "BOLTLOOM_WORLD_SIZE": str(size),
        "BOLTLOOM_LOCAL_RANK": str(seat.local_rank),
        "BOLTLOOM_LOCAL_SIZE": str(seat.local_size),
        "BOLTLOOM_HOSTS": ";".join(_entry(host) for host in plan.hosts),
        "BOLTLOOM_BACKEND": plan.backend,
        "BOLTLOOM_COORDINATOR": plan.coordinator,
        "BOLTLOOM_TOKEN": plan.token,
        "BOLTLOOM_RUN_ID": plan.run_id,
        "BOLTLOOM_TIMEOUT": f"{plan.timeout:g}",
        "MLX_RANK": str(rank),
        "RANK": str(rank),
        "WORLD_SIZE": str(size),
        "LOCAL_RANK": str(seat.local_rank),
        "LOCAL_WORLD_SIZE": str(seat.local_size),
        "MASTER_ADDR": plan.coordinator.rpartition(":")[0].strip("[]"),
        "MASTER_PORT": str(plan.master_port),
    }
    return env | row.env(plan, rank), row.files(plan)


def _entry(host: Host) -> str:
    ips = ",".join(f"[{ip}]" if ":" in ip else ip for ip in host.ips)
    return f"{bare_name(host.ssh)}={ips}"


def _ports_of(plan: Plan, rank: int) -> tuple[int, ...]:
    """The ports of a rank: those that its host chose, or those that were asked for."""
    if plan.ports:
        return plan.ports[rank]
    return tuple(each.port for each in backend(plan.backend).ports(plan) if each.rank == rank)


def _ring_endpoints(plan: Plan) -> list[list[tuple[str, int]]]:
    """One list per rank: a port for each address and connection."""
    ranks = []
    for rank, host in enumerate(plan.hosts):
        addresses = [ip for ip in host.ips for _ in range(plan.connections_per_ip)]
        ranks.append(list(zip(addresses, _ports_of(plan, rank), strict=True)))
    return ranks


def _ring_check(plan: Plan) -> None:
    if plan.starting_port is None:
        return
    last = plan.starting_port - 1 + sum(len(host.ips) for host in plan.hosts) * plan.connections_per_ip
    if last > 65535:
        raise UsageError(f"the ring would need ports up to {last}", "give a lower --starting-port")


def _ring_env(plan: Plan, rank: int) -> dict[str, str]:
    return {"MLX_RING_VERBOSE": "1"} if plan.verbose else {}


def _ring_files(plan: Plan) -> dict[str, object]:
    # MLX with one rank and a hostfile waits for itself; without a hostfile it is a group of one.
    if len(plan.hosts) == 1:
        return {}
    return {"MLX_HOSTFILE": [[endpoint(*entry) for entry in entries] for entries in _ring_endpoints(plan)]}


def _ring_ports(plan: Plan) -> list[Listening]:
    """They count up over ranks, addresses and connections where the first one was asked for."""
    if len(plan.hosts) == 1:
        return []
    remedy = "choose other ports with --starting-port"
    entries = [
        (rank, ip) for rank, host in enumerate(plan.hosts) for ip in host.ips for _ in range(plan.connections_per_ip)
    ]
    first = plan.starting_port
    return [Listening(rank, ip, 0 if first is None else first + i, remedy) for i, (rank, ip) in enumerate(entries)]


def _jaccl_check(ring: bool) -> Callable[[Plan], None]:
    def check(plan: Plan) -> None:
        size = len(plan.hosts)
        for i, host in enumerate(plan.hosts):
            if not host.rdma:
                raise UsageError(
                    f"the hosts have no RDMA devices for rank {i} ({host.ssh})",
                    "give a hostfile that names them: boltloom config --backend jaccl --auto-setup --output FILE does",
                )
            others = ((i - 1) % size, (i + 1) % size) if ring else range(size)
            for j in others:
                if i != j and not host.rdma[j]:
                    raise UsageError(
                        f"no RDMA device leads from {host.ssh} to {plan.hosts[j].ssh}",
                        f"connect the two by a cable, or choose --backend {'ring' if ring else 'jaccl-ring'}",
                    )

    return check


def _jaccl_env(ring: bool) -> Callable[[Plan, int], dict[str, str]]:
    def env(plan: Plan, rank: int) -> dict[str, str]:
        coordinator = endpoint(plan.hosts[0].ips[0], _ports_of(plan, 0)[0])
        return {"MLX_JACCL_COORDINATOR": coordinator} | ({"MLX_JACCL_RING": "1"} if ring else {})

    return env


def _jaccl_files(plan: Plan) -> dict[str, object]:
    matrix = [[None if not d else d[0] if len(d) == 1 else list(d) for d in host.rdma] for host in plan.hosts]
    return {"MLX_IBV_DEVICES": matrix}


def _jaccl_ports(plan: Plan) -> list[Listening]:
    return [Listening(0, plan.hosts[0].ips[0], plan.starting_port or 0, "choose another with --starting-port")]


def _nccl_env(plan: Plan, rank: int) -> dict[str, str]:
    env = {
        "NCCL_HOST_IP": plan.hosts[0].ips[0],
        "NCCL_PORT": str(_ports_of(plan, 0)[0]),
        "MLX_WORLD_SIZE": str(len(plan.hosts)),
        "CUDA_VISIBLE_DEVICES": str(plan.seats[rank].local_rank),
    }
    return env | ({"NCCL_DEBUG": "INFO"} if plan.verbose else {})


def _nccl_ports(plan: Plan) -> list[Listening]:
    return [Listening(0, plan.hosts[0].ips[0], plan.nccl_port or 0, "choose another with --nccl-port")]


def _mpi_check(plan: Plan) -> None:
    names = [next(h.ssh for h, s in zip(plan.hosts, plan.seats, strict=True) if s.host == i) for i in _hosts(plan)]
    for i, address in enumerate(plan.addresses):
        if ":" in address:
            raise UsageError(f"{names[i]} has no IPv4 address for mpirun ({address})", "give it to --hosts instead")
        if address in plan.addresses[:i]:
            same = names[plan.addresses.index(address)]
            raise UsageError(
                f"{same} and {names[i]} are the same computer ({address}), which mpirun wants to see once",
                f"name it once, as in {same}:2",
            )


def _hosts(plan: Plan) -> range:
    return range(len(plan.addresses))


BACKENDS = {
    row.name: row
    for row in (
        Backend("ring", _ring_check, _ring_env, _ring_files, _ring_ports),
        Backend("jaccl", _jaccl_check(ring=False), _jaccl_env(ring=False), _jaccl_files, _jaccl_ports),
        Backend("jaccl-ring", _jaccl_check(ring=True), _jaccl_env(ring=True), _jaccl_files, _jaccl_ports),
        Backend("nccl", lambda plan: None, _nccl_env, lambda plan: {}, _nccl_ports),
        Backend("mpi", _mpi_check, lambda plan, rank: {}, lambda plan: {}, lambda plan: [], starter="mpirun"),
    )
}


def backend(name: str) -> Backend:
    """The row of a backend. :raises UsageError: there is none."""
    if name not in BACKENDS:
        raise UsageError(f"unknown backend {name!r}", f"choose one of {', '.join(BACKENDS)}")
    return BACKENDS[name]
