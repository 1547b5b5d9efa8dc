# SPDX-License-Identifier: Apache-2.0
"""``boltloom topology`` without any host: from saved facts, and before anything is bought."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from launcher.running import BOLTLOOM, DEADLINE

FACTS = Path(__file__).parents[2] / "contracts/facts/broken_mesh.json"


def boltloom(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    given = {"capture_output": True, "text": True, "timeout": DEADLINE, "stdin": subprocess.DEVNULL, **options}
    done = subprocess.run([*BOLTLOOM, *arguments], **given)  # type: ignore[call-overload]
    assert "Traceback" not in str(done.stdout) + str(done.stderr)
    return done  # type: ignore[no-any-return]


def drawn(*arguments: str, **options: object) -> str:
    done = boltloom("topology", "--facts", str(FACTS), *arguments, **options)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.slow
def test_every_form_is_drawn_from_saved_facts(tmp_path: Path) -> None:
    assert drawn().startswith("4 hosts, 5 cables")
    assert drawn("--format", "dot").startswith("graph G {\n  node [shape=rectangle];\n  a [label=")
    assert len(json.loads(drawn("--format", "json"))["cables"]) == 6
    for name, begin in (("a.svg", b"<?xml"), ("b.PNG", b"\x89PNG"), ("c.txt", b"4 hosts"), ("d.gv", b"graph")):
        assert drawn("-o", str(tmp_path / name)) == ""
        assert (tmp_path / name).read_bytes().startswith(begin)
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o666 & ~_umask()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.svg", "b.PNG", "c.txt", "d.gv"]


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask


@pytest.mark.slow
def test_what_was_saved_is_drawn_the_same(tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    assert drawn("--save-facts", str(kept)) == drawn()
    assert boltloom("topology", "--facts", str(kept)).stdout == drawn()
    assert boltloom("topology", "--facts", "-", input=kept.read_text(), stdin=None).stdout == drawn()


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ("", 2),
        ("[]", 2),
        ('{"facts": []}', 2),
        ('{"facts": {"mac1": 1}}', 3),
        ('{"facts": {"mac1": {"schema": 99}}}', 3),
        ("[" * 100000, 2),
        ('{"facts": {"mac1": ' + "9" * 5000 + "}}", 2),
        ("\0\x1b[31m", 2),
    ],
)
def test_a_file_without_facts_is_one_line(content: str, status: int, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(content)
    done = boltloom("topology", "--facts", str(tmp_path / "x.json"))
    assert (done.returncode, done.stdout) == (status, "")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--facts", "/no/such"], "/no/such cannot be read (No such file or directory)"),
        (["--facts", str(FACTS), "-o", "/no/such/place.svg"], "/no/such/place.svg cannot be written"),
        (["--facts", str(FACTS), "--save-facts", "/no/such/x"], "/no/such/x cannot be written"),
        (["--facts", str(FACTS), "--hosts", "a,b"], "--facts asks no host: give it without --hosts"),
        (["-i", "/no/such.yml"], "inventory /no/such.yml does not exist"),
        (["--hosts", "a,b", "--hostfile", "f"], "--hosts and --hostfile both say which hosts to use"),
        (["--hosts", "mac[1:3]"], "--hosts has 'mac[1:3]' in it, which is no host"),
        (["--plan", "4"], "--plan and --ports go together"),
        (["--plan", "4", "--ports", "3", "--hosts", "a,b"], "--hosts names 2 hosts, --plan 4"),
    ],
)
def test_what_a_person_got_wrong_is_one_line(arguments: list[str], words: str) -> None:
    done = boltloom("topology", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("boltloom: ") and words in line


def test_a_name_that_does_not_say_what_to_draw() -> None:
    done = boltloom("topology", "--facts", str(FACTS), "-o", "cables")
    assert done.returncode == 2 and "does not say what to draw" in done.stderr


def test_a_computer_without_graphviz_is_told_to_install_it(tmp_path: Path) -> None:
    done = boltloom("topology", "--facts", str(FACTS), "--format", "svg", env={**os.environ, "PATH": str(tmp_path)})
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "apt install graphviz" in line


def test_a_reader_that_goes_away_is_no_matter() -> None:
    argv = " ".join([*BOLTLOOM, "topology", "--facts", str(FACTS), "--format", "json"])
    done = subprocess.run(["bash", "-c", f"{argv} | true; echo ${{PIPESTATUS[0]}}"], capture_output=True, text=True)
    assert done.stderr == "" and done.stdout in ("0\n", "1\n", "141\n")


def test_a_table_before_anything_is_bought() -> None:
    done = boltloom("topology", "--plan", "4", "--ports", "3", "--hosts", "a,b,c,d")
    assert (done.returncode, done.stderr) == (0, "")
    table, _, reason = done.stdout.partition("\n\n")
    assert len(table.splitlines()) == 1 + 6 and "full mesh" in reason
    ends = [tuple(line.split()[i : i + 3]) for line in table.splitlines()[1:] for i in (1, 5)]
    assert len(set(ends)) == 12 and {end[0] for end in ends} == set("abcd")


def test_the_commands_are_listed_and_none_waits_for_what_another_needs() -> None:
    listed = boltloom("--help").stdout
    assert all(f"\n  {name} " in listed for name in ("launch", "config", "topology"))
    loaded = "import sys; sys.argv[1:] = ['launch', '--help']; from boltloom_launcher.cli.commands import run; run(); "
    loaded += "print({'ansible_runner', 'asyncio', 'pexpect', 'yaml'} & set(sys.modules))"
    done = subprocess.run([BOLTLOOM[0], "-c", loaded], capture_output=True, text=True, timeout=DEADLINE)
    assert done.stdout.splitlines()[-1] == "set()"
    assert boltloom("nothing").returncode == 2
