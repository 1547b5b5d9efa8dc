# SPDX-License-Identifier: Apache-2.0
"""Ranks meet, take ports, and have one plan: real sockets and threads; processes are in tests/launcher/test_exec.py."""

from __future__ import annotations

import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from boltloom_launcher.agent import ports as agent_ports
from boltloom_launcher.agent.ports import Ports
from boltloom_launcher.allocation import joining
from boltloom_launcher.allocation.joining import Meeting, derived_port, join
from boltloom_launcher.allocation.place import Place
from boltloom_launcher.allocation.plan import Settings
from boltloom_launcher.backends import Plan
from boltloom_launcher.errors import BoltloomError, UnfitError, UsageError
from launcher.running import free_port


@pytest.fixture(autouse=True)
def locks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for module in (agent_ports, joining):
        monkeypatch.setattr(module, "LOCKS", str(tmp_path / "ports"))
    return tmp_path / "ports"


def meeting(rank: int, size: int, port: int, backend: str = "ring", starting_port: int | None = None) -> Meeting:
    return Meeting(
        place=Place("Slurm", "run", rank, size, rank, size),
        host="n1",
        coordinator="127.0.0.1",
        port=port,
        key=b"k" * 32,
        settings=Settings(backend, 20.0, starting_port),
        hostfile=None,
        alike="alike",
    )


def all_ranks(meetings: list[Meeting]) -> list[Plan | BoltloomError]:
    def one(each: Meeting) -> Plan | BoltloomError:
        try:
            return join(each, Ports())
        except BoltloomError as error:
            return error

    with ThreadPoolExecutor(len(meetings)) as pool:
        return list(pool.map(one, meetings))


def test_all_have_one_plan() -> None:
    port = free_port()
    plans = all_ranks([meeting(rank, 3, port) for rank in range(3)])
    assert plans[0] == plans[1] == plans[2]
    assert isinstance(plans[0], Plan)
    own = [plans[0].master_port, int(plans[0].coordinator.rpartition(":")[2]), *(each for (each,) in plans[0].ports)]
    assert len(set(own)) == 5 and port not in own
    assert [seat.local_rank for seat in plans[0].seats] == [0, 1, 2]


def test_one_rank_meets_nobody() -> None:
    plan = join(meeting(0, 1, 1), Ports())
    assert plan.coordinator.startswith("127.0.0.1:") and plan.ports == ((),)


def test_ports_that_were_asked_for_count_up() -> None:
    first = free_port()
    plans = all_ranks([meeting(rank, 2, free_port() if rank > 1 else first + 10, "ring", first) for rank in range(2)])
    assert [plan.ports for plan in plans if isinstance(plan, Plan)] == [((first,), (first + 1,))] * 2


def test_a_taken_port_is_told_to_all() -> None:
    first = free_port()
    with socket.create_server(("127.0.0.1", first + 1)):
        errors = all_ranks([meeting(rank, 2, first + 10, "ring", first) for rank in range(2)])
    assert all(isinstance(each, UnfitError) for each in errors)
    assert all(f"rank 1 on n1: port {first + 1} of 127.0.0.1 is in use" in str(each) for each in errors)


def test_what_rank_zero_refuses_is_told_to_all() -> None:
    errors = all_ranks([meeting(rank, 2, port, "jaccl") for port in [free_port()] for rank in range(2)])
    assert isinstance(errors[0], UsageError) and isinstance(errors[1], UnfitError)
    assert str(errors[1]).startswith("rank 0 has given up: the hosts have no RDMA devices for rank 0 (n1)")


def test_a_port_that_another_meeting_has_is_waited_for() -> None:
    port = free_port()
    other = socket.create_server(("127.0.0.1", port))
    late = threading.Timer(0.2, other.close)
    late.start()
    plans = all_ranks([meeting(0, 2, port), meeting(1, 2, port)])
    late.join()
    assert plans[0] == plans[1]


def test_a_port_that_stays_taken_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "_ANOTHER_MEETING_S", 0.1)
    port = free_port()
    with socket.create_server(("127.0.0.1", port)), pytest.raises(UnfitError) as caught:
        join(meeting(0, 2, port), Ports())
    assert (
        caught.value.message
        == f"rank 0 cannot listen on port {port} (Address already in use): give another with --port"
    )


def test_what_ended_ranks_have_left_is_removed(locks: Path) -> None:
    locks.mkdir()
    (locks / "20001").write_text("1")
    join(meeting(0, 1, 1), Ports())
    assert not (locks / "20001").exists()


def test_locks_live_over_exec(locks: Path) -> None:
    ports = Ports()
    join(meeting(0, 1, 1), ports)
    ports.keep_over_exec()
    open_files = {os.path.realpath(f"/proc/self/fd/{fd}"): int(fd) for fd in os.listdir("/proc/self/fd")}
    kept = [open_files[str(path)] for path in locks.iterdir()]
    assert len(kept) == 2 and all(map(os.get_inheritable, kept))


def test_a_run_has_a_port_of_its_own() -> None:
    ports = {derived_port(f"cluster.{job}.0.0") for job in range(100)}
    assert len(ports) > 90 and all(30000 <= port < 32000 for port in ports)


def test_time_is_bounded() -> None:
    began = time.monotonic()
    alone = meeting(0, 2, free_port())
    with pytest.raises(UnfitError, match="only 1 of 2 ranks came in time, missing: 1"):
        join(Meeting(**{**vars(alone), "settings": Settings("ring", 0.2)}), Ports())
    assert time.monotonic() - began < 10
