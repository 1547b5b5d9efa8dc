# SPDX-License-Identifier: Apache-2.0
"""A hostfile as an inventory, read by the real ansible-inventory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # each run of ansible-inventory takes its second
ROOT = Path(__file__).resolve().parents[2]
RING = {
    "backend": "ring",
    "envs": ["A=b"],
    "hosts": [
        {"ssh": "me@10.1.0.2", "ips": ["10.77.0.6"], "rdma": []},
        {"ssh": "me@10.1.0.1", "ips": ["10.77.0.1"], "rdma": []},
    ],
    "boltloom": {"hosts": ["studio2", "studio1"]},
}


def ask(source: Path, *arguments: str, enabled: str = "") -> subprocess.CompletedProcess[str]:
    env = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build"),
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
        "ANSIBLE_NOCOLOR": "1",
    }
    if enabled:
        env["ANSIBLE_INVENTORY_ENABLED"] = enabled
    argv = [Path(sys.executable).parent / "ansible-inventory", "-i", source, *(arguments or ("--list",))]
    return subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


def listing(source: Path, enabled: str = ""):
    done = ask(source, enabled=enabled)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr.replace("[WARNING]: Ansible is being run in a world writable", "")
    return json.loads(done.stdout)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A YAML file that names a hostfile beside it."""
    (tmp_path / "boltloom-hostfile.json").write_text(json.dumps(RING))
    path = tmp_path / "fabric.yml"
    path.write_text("plugin: boltloom.cluster.hostfile\nhostfile: boltloom-hostfile.json\n")
    return path


def test_hosts_in_rank_order_with_what_the_hostfile_says(source: Path) -> None:
    found = listing(source)
    assert found["boltloom"]["hosts"] == ["studio2", "studio1"]
    assert found["_meta"]["hostvars"]["studio2"] == {
        "ansible_host": "10.1.0.2",
        "ansible_user": "me",
        "boltloom_backend": "ring",
        "boltloom_ips": ["10.77.0.6"],
        "boltloom_rank": 0,
        "boltloom_ranks": [0],
        "boltloom_rdma": [],
        "thunderbolt_net_management_address": "10.1.0.2",
    }


def test_groups_and_variables_are_constructed(source: Path) -> None:
    source.write_text(
        source.read_text() + "group: fabric\nstrict: true\ngroups: {first: boltloom_rank == 0}\n"
        'compose: {double: "boltloom_rank * 2"}\nkeyed_groups: [{key: boltloom_backend, prefix: by}]\n'
    )
    found = listing(source)
    assert (found["fabric"]["hosts"], found["first"]["hosts"]) == (["studio2", "studio1"], ["studio2"])
    assert found["by_ring"]["hosts"] == ["studio2", "studio1"]
    assert found["_meta"]["hostvars"]["studio1"]["double"] == 2


def test_the_json_itself_when_the_plugin_is_enabled(source: Path) -> None:
    hostfile = source.parent / "boltloom-hostfile.json"
    assert listing(hostfile, "boltloom.cluster.hostfile,yaml")["boltloom"]["hosts"] == ["studio2", "studio1"]


def test_other_peoples_json_and_yaml_are_left_to_them(source: Path) -> None:
    theirs = source.parent / "theirs.json"
    theirs.write_text(json.dumps({"hosts": {"hosts": {"printer": None}}}))  # a group that is called "hosts"
    assert listing(theirs, "boltloom.cluster.hostfile,yaml")["hosts"]["hosts"] == ["printer"]
    theirs = source.parent / "theirs.yml"
    theirs.write_text("web: {hosts: {printer: }}\n")
    assert listing(theirs, "boltloom.cluster.hostfile,yaml")["web"]["hosts"] == ["printer"]


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ({"ssh": "m1", "rdma": [None, "{{lookup('pipe','id')}}"]}, "hosts[0].rdma[1]"),
        ({"ssh": "{{7*191}}@m1"}, "hosts[0].ssh"),
    ],
)
def test_whoever_wrote_the_file_runs_no_code_here(source: Path, host: dict[str, object], place: str) -> None:
    """What could be a template is refused by its place, and rendered nowhere, also not in the message."""
    (source.parent / "boltloom-hostfile.json").write_text(json.dumps([host, {"ssh": "m2"}]))
    done = subprocess.run(
        [Path(sys.executable).parent / "ansible-inventory", "-i", source, "--list"],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build"), "ANSIBLE_NOCOLOR": "1", "COLUMNS": "999"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "m2" not in done.stdout
    said = " ".join(done.stderr.split())
    assert place in said and "uid=" not in said and "1337" not in said


@pytest.mark.parametrize(
    "text, words",
    [
        ('{"hosts": [', "boltloom-hostfile.json: line 1 column 12 is not JSON"),
        ('[{"ssh": "m1"}, {"ips": []}]', 'boltloom-hostfile.json: hosts[1] has no "ssh"'),
        ('[{"ssh": "{{x}}"}]', "boltloom-hostfile.json: hosts[0].ssh is a template"),
        ('[{"ssh": "ssh://m1:70000"}]', "boltloom-hostfile.json: hosts[0].ssh is ssh://m1:70000"),
    ],
)
def test_a_wrong_hostfile_is_one_line_with_file_and_place(source: Path, text: str, words: str) -> None:
    hostfile = source.parent / "boltloom-hostfile.json"
    hostfile.write_text(text)
    for done in (ask(source), ask(hostfile, enabled="boltloom.cluster.hostfile")):
        assert done.returncode != 0
        assert words in " ".join(done.stderr.split()) and "Traceback" not in done.stderr


def test_a_hostfile_that_is_missing(source: Path) -> None:
    (source.parent / "boltloom-hostfile.json").unlink()
    done = ask(source)
    assert done.returncode != 0
    assert f"there is no hostfile {source.parent}/boltloom-hostfile.json" in "".join(done.stderr.splitlines())
