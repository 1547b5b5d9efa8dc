# SPDX-License-Identifier: Apache-2.0
"""What the user asked for, typed; and from it the orders for each agent."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass

from boltloom_launcher.addresses import Hello, management_addresses
from boltloom_launcher.agent.frames import Header
from boltloom_launcher.backends import STALE, Plan, backend, rank_env
from boltloom_launcher.hosts import Roster

SILENCE_S = 60.0  # an agent behind ssh that has heard nothing for so long ends its ranks

_ADJECTIVES = ("brisk", "calm", "clear", "even", "keen", "mild", "quiet", "ready", "steady", "warm")
_ANIMALS = ("badger", "crane", "finch", "heron", "lynx", "marten", "otter", "plover", "stoat", "wren")


@dataclass(frozen=True)
class Request:
    """One run of ``boltloom launch``."""

    roster: Roster
    backend: str
    argv: tuple[str, ...]
    env: tuple[tuple[str, str], ...] = ()
    cwd: str = "."
    cwd_required: bool = False
    starting_port: int = 32323
    connections_per_ip: int = 1
    nccl_port: int = 12345
    timeout: float = 300.0
    deadline: float | None = None
    grace: float = 10.0
    tag: bool = False
    verbose: bool = False


def run_name(random: bytes) -> str:
    """A short name for a run, easy to say and to find again in a log."""
    return f"{_ADJECTIVES[random[0] % 10]}-{_ANIMALS[random[1] % 10]}-{random[2] % 100}"


def draft(request: Request, hellos: Sequence[Hello]) -> tuple[Plan, str]:
    """The plan without coordinator and PyTorch port, and the address on which rank 0's host offers both.

    :raises UsageError: the hosts do not serve the backend.
    :raises UnfitError: a host has no address.
    """
    addresses = management_addresses(request.roster.reaches, hellos)
    roster = request.roster.with_addresses(addresses)
    plan = Plan(
        backend=request.backend,
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
    )
    backend(request.backend).check(plan)
    return plan, addresses[roster.seats[0].host]


def prepare_order(request: Request, plan: Plan, host: int, coordinator: str) -> Header:
    """Have a host checked for everything that its ranks will need. ``coordinator`` is rank 0's address."""
    listening = [each for each in backend(plan.backend).ports(plan) if plan.seats[each.rank].host == host]
    rank0 = plan.seats[0].host == host
    return {
        "do": "prepare",
        "argv": list(request.argv),
        "env": dict(request.env),
        "drop": list(STALE),
        "cwd": request.cwd,
        "cwd_required": request.cwd_required,
        "ports": [[each.address, each.port, each.remedy] for each in listening],
        "free": {"address": coordinator, "count": 2} if rank0 else None,
        "grace": request.grace,
        "silence": None if request.roster.reaches[host].local else SILENCE_S,
    }


def start_order(request: Request, plan: Plan, host: int) -> Header:
    """Have a host start its ranks."""
    ranks = []
    for rank in request.roster.ranks_on(host):
        env, files = rank_env(plan, rank)
        texts = {name: json.dumps(content) for name, content in files.items()}
        # Only one rank can read what a person types; it is the one that a person expects to talk to.
        ranks.append({"rank": rank, "env": env, "files": texts, "stdin": rank == 0})
    return {
        "do": "start",
        "argv": list(request.argv),
        "env": dict(request.env),
        "drop": list(STALE),
        "cwd": request.cwd,
        "ranks": ranks,
    }
