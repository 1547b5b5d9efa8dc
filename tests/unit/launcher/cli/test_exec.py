# SPDX-License-Identifier: Apache-2.0
"""What ``boltloom exec`` refuses before the ranks meet, each in one line. The rest: tests/launcher/test_exec.py."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from boltloom_launcher.allocation.place import Place
from boltloom_launcher.cli.exec import _coordinator, _split, exec
from boltloom_launcher.errors import BoltloomError, UsageError, exit_status

ALONE = {"PMI_RANK": "0", "PMI_SIZE": "1", "MPI_LOCALRANKID": "0", "MPI_LOCALNRANKS": "1"}
TWO = {"PMI_RANK": "1", "PMI_SIZE": "2", "MPI_LOCALRANKID": "1", "MPI_LOCALNRANKS": "2"}
FAR = {**TWO, "MPI_LOCALRANKID": "0", "MPI_LOCALNRANKS": "1"}
OUTSIDE: dict[str, str] = {}

MISTAKES = [
    ("", OUTSIDE, 2, "no command is given: write it behind the options, as in: srun boltloom exec -- hostname"),
    ("-- true", OUTSIDE, 2, "no scheduler has started this: none of RANK (torchrun), "),
    ("--env 1=2 -- true", ALONE, 2, "--env has '1=2', which names no variable: write NAME=VALUE"),
    ("--backend gloo -- true", ALONE, 2, "unknown backend 'gloo': choose one of ring, "),
    ("--backend jaccl -- true", ALONE, 2, "the hosts have no RDMA devices for rank 0 ("),
    ("--coordinator a:b -- true", TWO, 2, "--coordinator is 'a:b', which is no place: write HOST or HOST:PORT"),
    ("--coordinator a:1 --port 2 -- true", TWO, 2, "--coordinator says port 1, and --port 2: give one of them"),
    ("-- no-such-program", ALONE, 3, "command not found: no-such-program: give its path, or set PATH"),
    ("--hostfile no-such-file -- true", ALONE, 2, "hostfile no-such-file does not exist: write one with"),
    ("--size 3 -- true", ALONE, 2, "--size is 3, and MPICH says 1: leave out --size"),
    ("-- true", TWO, 2, "MPICH does not say which run this is: give a port with --port, for each run another"),
    ("--port 9 -- true", FAR, 2, "MPICH does not say which host rank 0 is on: give it with --coordinator"),
    ("--port 9 --timeout 0.1 -- true", TWO, 3, "rank 0 cannot be met at 127.0.0.1 port 9 (Connection refused): see"),
]


@pytest.mark.parametrize(("arguments", "variables", "status", "line"), MISTAKES)
def test_a_mistake_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: str,
    variables: dict[str, str],
    status: int,
    line: str,
) -> None:
    for name in [name for name in os.environ if name.startswith(("BOLTLOOM_", "OMPI_", "PMI", "SLURM_", "RANK"))]:
        monkeypatch.delenv(name)
    for name, value in (variables | {"HOME": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BoltloomError) as caught:
        exec.main(arguments.split(), standalone_mode=False)
    assert caught.value.one_line().startswith(line)
    assert "\n" not in caught.value.one_line()
    assert exit_status(caught.value) == status


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("n1", ("n1", None)),
        ("n1.lab:4000", ("n1.lab", 4000)),
        ("10.0.0.1:4000", ("10.0.0.1", 4000)),
        ("fd00::1", ("fd00::1", None)),
        ("[fd00::1]", ("fd00::1", None)),
        ("[fd00::1]:4000", ("fd00::1", 4000)),
    ],
)
def test_places_as_people_write_them(text: str, place: tuple[str, int | None]) -> None:
    assert _split(text) == place


@pytest.mark.parametrize("text", ["a:", ":4000", "a:0", "a:65536", "a:1:2", "[fd00::1", "a b", "[g]:1"])
def test_what_is_no_place(text: str) -> None:
    with pytest.raises(UsageError, match="which is no place"):
        _split(text)


def test_where_the_ranks_meet() -> None:
    here = Place("Slurm", "run", 0, 2, 0, 2, coordinator="n1")
    away = Place("Slurm", "run", 0, 2, 0, 1, coordinator="n1")
    assert _coordinator("", None, here) == ("127.0.0.1", None)
    assert _coordinator("", 5, away) == ("n1", 5)
    assert _coordinator("n2:6", None, away) == ("n2", 6)
    assert _coordinator("n2", 7, here) == ("n2", 7)
