# SPDX-License-Identifier: Apache-2.0
"""Which of --hosts, --hostfile and --inventory decides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from boltloom_launcher import gathered
from boltloom_launcher.errors import HostfileError, UsageError
from boltloom_launcher.inventory import Inventory
from boltloom_launcher.inventory_host import InventoryHost
from boltloom_launcher.roster import Source, _gathered_hostfile, read_hostfile, read_roster

HOSTS = [{"ssh": "mac1", "ips": ["10.77.0.1"]}, {"ssh": "127.0.0.1", "ips": ["127.0.0.1"]}]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def hostfile(tmp_path: Path) -> str:
    path = tmp_path / "hosts.json"
    path.write_text(json.dumps({"backend": "ring", "envs": ["A=b"], "hosts": HOSTS}))
    return str(path)


def test_nothing_means_this_computer(said: list[str]) -> None:
    roster = read_roster(Source(repeat=3), said.append).roster
    assert [host.ssh for host in roster.hosts] == ["127.0.0.1"] * 3
    assert [reach.local for reach in roster.reaches] == [True]


def test_a_hostfile_brings_its_backend_and_environment(hostfile: str, said: list[str]) -> None:
    listed = read_roster(Source(hostfile=hostfile, ssh_options=("-p", "2222"), python="/opt/python"), said.append)
    assert (listed.backend, listed.envs, said) == ("ring", ("A=b",), [])
    far, here = listed.roster.reaches
    assert (far.target, far.options, far.pythons) == ("mac1", ("-p", "2222"), ("/opt/python",))
    assert here.local


def test_repeating_the_hosts_of_a_hostfile_has_no_effect_and_is_said_so(hostfile: str, said: list[str]) -> None:
    assert len(read_roster(Source(hostfile=hostfile, repeat=2), said.append).roster.hosts) == 2
    assert said == ["-n has no effect with a hostfile: a host that is listed twice in it gets two ranks"]


def test_two_answers_to_one_question_are_refused(hostfile: str, said: list[str]) -> None:
    with pytest.raises(UsageError, match="--hosts and --hostfile both say which hosts to use"):
        read_roster(Source(hosts="a", hostfile=hostfile), said.append)


def test_what_is_no_file_of_ours_is_named(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for path, words in (("binary", "is not text in UTF-8"), ("none", "does not exist"), (".", "cannot be read")):
        with pytest.raises(HostfileError, match=words):
            read_hostfile(str(tmp_path / path))


TWO = (InventoryHost("a", "a", local=True), InventoryHost("b", "b", local=True))


@pytest.mark.parametrize(
    ("hosts", "source", "over", "asked"),
    [
        (TWO, Source(), "", True),
        (TWO, Source(repeat=1), "auto", True),
        (TWO[:1], Source(), "", False),
        (TWO, Source(repeat=2), "", False),
        ((*TWO, InventoryHost("c", "c", slots=2)), Source(), "", False),
        (TWO, Source(ssh_options=("-4",)), "", False),
        (TWO, Source(), "ethernet", False),
    ],
)
def test_when_hosts_that_are_configured_are_asked_for_their_cables(
    hosts: tuple[InventoryHost, ...],
    source: Source,
    over: str,
    asked: bool,
    said: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where it would not serve, or nobody wants it, the hosts are asked nothing and the ranks talk over Ethernet."""
    (tmp_path / "record").touch()
    monkeypatch.setattr(gathered, "_RECORDS", (str(tmp_path / "record"),))
    names: list[str] = []
    monkeypatch.setattr(gathered, "gather", lambda inventories, hosts, say, part: names.extend(hosts))
    assert _gathered_hostfile(Inventory(hosts, tmp_path / "none.json", over), source, said.append) is None
    assert names == (["a", "b"] if asked else [])
    assert asked or said[0].startswith(f"{tmp_path}/none.json does not exist, so the ranks talk over Ethernet")


def test_no_name_is_not_every_host_of_an_inventory(tmp_path: Path, said: list[str]) -> None:
    inventory = tmp_path / "inventory.yml"
    inventory.write_text("all: {hosts: {a: , b: }}")
    with pytest.raises(UsageError, match="--hosts has '' in it, which is no host"):
        read_roster(Source(hosts="", inventories=(str(inventory),)), said.append)


def test_who_looks_for_runs_asks_nobody_for_cables(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is a hostfile read, which may be broken."""
    monkeypatch.setattr(gathered, "looks_configured", lambda reach: pytest.fail(f"{reach.name} was asked"))
    inventory = tmp_path / "inventory.yml"
    inventory.write_text("all: {hosts: {a: , b: }}")
    source = Source(inventories=(str(inventory),), cables=False)
    assert [reach.name for reach in read_roster(source, said.append).roster.reaches] == ["a", "b"]
    (tmp_path / "boltloom-hostfile.json").write_text("{")
    assert [reach.name for reach in read_roster(source, said.append).roster.reaches] == ["a", "b"]
    assert said == []
