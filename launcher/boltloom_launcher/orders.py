# SPDX-License-Identifier: Apache-2.0
"""What a request means for these hosts: the plan, and from it the orders for each agent."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Sequence

from boltloom_launcher.addresses import management_addresses
from boltloom_launcher.agent.messages import Command, Hello, Port, Prepare, Prepared, RankOrder, Run, Start, StartMpi
from boltloom_launcher.backends import STALE, Listening, Plan, backend, endpoint, rank_env
from boltloom_launcher.host_settings import applied
from boltloom_launcher.hosts import Seat
from boltloom_launcher.job import Request
from boltloom_launcher.policy.limits import MPIRUN_S, SILENCE_S
from boltloom_launcher.whoami import whoami

_ADJECTIVES = ("brisk", "calm", "clear", "even", "keen", "mild", "quiet", "ready", "steady", "warm")
_ANIMALS = ("badger", "crane", "finch", "heron", "lynx", "marten", "otter", "plover", "stoat", "wren")


def run_name(random: bytes) -> str:
    """A short name for a run, easy to say and to find again in a log."""
    return f"{_ADJECTIVES[random[0] % 10]}-{_ANIMALS[random[1] % 10]}-{random[2] % 100}"


def draft(request: Request, hellos: Sequence[Hello]) -> tuple[Plan, str]:
    """The plan without coordinator and PyTorch port, and the address on which rank 0's host offers both.

    :raises UsageError: the hosts do not serve the backend.
    :raises UnfitError: a host has no address.
    """
    addresses = management_addresses(request.roster.reaches, hellos)
    roster = request.roster.on_machines([hello.machine for hello in hellos]).with_addresses(addresses)
    plan = Plan(
        backend=request.backend or default_backend(roster.seats, hellos),
        hosts=roster.hosts,
        seats=roster.seats,
        coordinator="",
        master_port=0,
        token=os.urandom(16).hex(),
        run_id=run_name(os.urandom(3)),
        timeout=request.timeout,
        starting_port=request.starting_port,
        connections_per_ip=request.connections_per_ip,
        nccl_port=request.nccl_port,
        verbose=request.verbose,
        addresses=tuple(addresses),
        hostnames=tuple(hello.hostname for hello in hellos),
    )
    backend(plan.backend).check(plan)
    return plan, addresses[roster.seats[0].host]


def default_backend(seats: Sequence[Seat], hellos: Sequence[Hello]) -> str:
    """nccl where our own MLX is for CUDA (mlx.launch looks no further) and every rank has a device; else the ring."""
    by_machine = {hello.machine: hello.gpus for hello in hellos}
    enough = all(seat.local_size <= by_machine[hellos[seat.host].machine] for seat in seats)
    return "nccl" if enough and mlx_is_for_cuda() else "ring"


def mlx_is_for_cuda() -> bool:
    """The MLX beside us came with its package for CUDA. Looked up, not imported."""
    from importlib.metadata import distributions  # takes its time, and is asked only where there are devices

    return any(str(each.name).startswith("mlx-cuda") for each in distributions())


def prepare_order(request: Request, plan: Plan, host: int, coordinator: str) -> Prepare:
    """Have a host checked for everything that its ranks will need. ``coordinator`` is rank 0's address."""
    row = backend(plan.backend)
    ports = [Port(each.address, each.port, each.remedy) for each in _listening(plan, host)]
    if plan.seats[0].host == host:  # the rendezvous, and PyTorch's
        ports += [Port(coordinator, 0, "")] * 2
    own = applied(request, host)
    return Prepare(
        command=Command(list(own.argv), sys.executable, own.module, request.checked),
        env=own.env,
        drop=_dropped(request),
        cwd=own.cwd,
        cwd_required=own.cwd_required,
        ports=ports,
        files=request.preflight and bool(row.files(plan) or row.starter == "mpirun"),
        grace=request.grace,
        silence=None if request.roster.reaches[host].local else SILENCE_S,
        mpi=row.starter == "mpirun",
    )


def with_ports(plan: Plan, coordinator: str, chosen: Sequence[Sequence[int]]) -> Plan:
    """The plan with the ports that each host answered to :func:`prepare_order`."""
    ports: dict[int, list[int]] = {rank: [] for rank in range(len(plan.hosts))}
    for host, answer in enumerate(chosen):
        for each, port in zip(_listening(plan, host), answer, strict=False):
            ports[each.rank].append(port)
    rendezvous, master_port = chosen[plan.seats[0].host][-2:]
    return plan._replace(
        ports=tuple(tuple(ports[rank]) for rank in sorted(ports)),
        coordinator=endpoint(coordinator, rendezvous),
        master_port=master_port,
    )


def _listening(plan: Plan, host: int) -> list[Listening]:
    return [each for each in backend(plan.backend).ports(plan) if plan.seats[each.rank].host == host]


def run_order(request: Request, plan: Plan) -> Run:
    """Have a host note the run where `boltloom ps` finds it."""
    logs = os.path.abspath(request.logs.folder) if request.logs else ""
    return Run(plan.run_id, *whoami(), os.getpid(), list(request.argv), logs)


def start_order(request: Request, plan: Plan, host: int, mpirun: str) -> Start | StartMpi:
    """Have a host start its ranks; ``mpirun`` is the one of rank 0's host, as in "Open MPI 4.1.4"."""
    ranks = []
    for rank in request.roster.ranks_on(host):
        env, files = rank_env(plan, rank)
        texts = {name: json.dumps(content) for name, content in files.items()}
        ranks.append(RankOrder(rank, env, texts, stdin=rank in request.stdin))
    env = applied(request, host).env
    if backend(plan.backend).starter == "agent":
        return Start(env, _dropped(request), ranks)
    from boltloom_launcher.mpi.arguments import machine_file, mpirun_arguments, stub_text

    here = plan.seats[0].host == host
    arguments = mpirun_arguments(plan, mpirun, request.mpi_args) if here else []
    machines = machine_file(plan, mpirun) if here else {}
    several = len(request.roster.reaches) > 1
    addresses = [list(plan.hosts[each.rank].ips) if several else [] for each in ranks]
    return StartMpi(*(env, _dropped(request), ranks, addresses, arguments, machines), stub_text(), MPIRUN_S)


def _dropped(request: Request) -> list[str]:
    """What an outer run may have left, and a size of the terminal that would soon be an old one."""
    return [*STALE, "COLUMNS", "LINES"] if request.tty else list(STALE)


def would_run(order: Start | StartMpi, host: str, prepared: Prepared) -> list[str]:
    """What a host would do with an order to start, as a person would type it there. Secrets are left out."""
    lines = []
    if isinstance(order, StartMpi) and order.arguments:
        lines.append(f"# mpirun on {host}, which wires up the ranks ({prepared.mpirun})")
        lines.append("# " + shlex.join(["mpirun", *order.arguments]))
        lines += [f"# where {name} holds: {', '.join(text.splitlines())}" for name, text in order.files.items()]
    for each in order.ranks:
        env = {**order.env, **each.env, "BOLTLOOM_TOKEN": "..."}
        lines.append(f"# rank {each.rank} on {host}")
        lines.append(f"cd {shlex.quote(prepared.cwd)}")
        for name, content in each.files.items():
            lines.append(f"export {name}=FILE  # that holds: {content}")
        lines += [f"export {name}={shlex.quote(value)}" for name, value in env.items()]
        lines.append(shlex.join(prepared.argv))
    return lines
