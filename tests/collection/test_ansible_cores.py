# SPDX-License-Identifier: Apache-2.0
"""The oldest and the newest ansible-core configure a fleet, read a hostfile and document everything, without a warning.

About 40 seconds, of which pip takes ten the first time.
"""

from __future__ import annotations

import json
import os
import subprocess

import pytest
import yaml
from collection.conftest import FLEETS, ROOT, SETTINGS, Played, a_rack
from collection.cores import ansible_core, version

pytestmark = [pytest.mark.fleet, pytest.mark.slow, pytest.mark.minutes(3.5)]
OLDEST = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["requires_ansible"].removeprefix(">=")


@pytest.fixture(scope="module", params=["oldest", "newest"])
def core(request):
    """(the bin folder of an ansible-core, a fleet that only it configures)."""
    from fleet.fleet import why_not_here

    if reason := why_not_here():
        pytest.skip(reason)
    binaries = ansible_core(request.param)
    with a_rack(FLEETS / "pair.yml", f"core-{request.param}-{os.getpid()}") as rack:
        yield binaries, rack


def play(core, playbook: str, *arguments: str) -> Played:
    binaries, rack = core
    argv = [str(binaries / "ansible-playbook"), f"boltloom.cluster.{playbook}", "-i", str(rack.inventory), *arguments]
    done = rack.fleet.run("control", argv, env=SETTINGS, timeout=200)
    played = Played(done.returncode, done.stdout + done.stderr)
    assert played.rc == 0, played.text
    for unwanted in ("Traceback", "DEPRECAT", "deprecat"):
        assert unwanted not in played.text, played.text
    return played


def test_they_are_what_they_are_said_to_be():
    newest = version(ansible_core("newest"))
    assert ".".join(map(str, version(ansible_core("oldest")))) == OLDEST
    assert newest[:2] >= (2, 19)


def test_check_configure_and_nothing_left_to_do(core):
    _binaries, rack = core
    before = rack.network_state()
    foreseen = play(core, "configure", "--check", "--diff")
    assert foreseen.changed() > 0 and rack.network_state() == before
    assert play(core, "configure").changed() > 0
    assert play(core, "configure").changed() == 0
    assert play(core, "verify").changed() == 0
    assert [host["ssh"] for host in rack.hostfile["hosts"]] == ["mac1", "mac2"]


def test_looking_changes_nothing(core):
    assert play(core, "probe").changed() == 0


def ask(core, command: str, *arguments: str) -> str:
    env = {**os.environ, **SETTINGS}
    done = subprocess.run(
        [core[0] / command, *arguments], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    theirs = "ansible/_internal/ansible_collections"  # 2.21 warns of a collection inside itself
    assert not [line for line in done.stderr.splitlines() if line.strip() and theirs not in line]
    return done.stdout


def test_a_hostfile_is_an_inventory(core, tmp_path):
    (tmp_path / "h.json").write_text(json.dumps([{"ssh": "me@10.0.0.1"}, {"ssh": "m2", "rdma": ["rdma_en2", None]}]))
    (tmp_path / "f.yml").write_text("plugin: boltloom.cluster.hostfile\nhostfile: h.json\n")
    found = json.loads(ask(core, "ansible-inventory", "-i", str(tmp_path / "f.yml"), "--list"))
    assert found["boltloom"]["hosts"] == ["10.0.0.1", "m2"]
    assert found["_meta"]["hostvars"]["10.0.0.1"]["ansible_user"] == "me"


def test_everything_is_documented_without_a_warning(core):
    modules = [f"boltloom.cluster.{path.stem}" for path in (ROOT / "plugins/modules").glob("*.py")]
    roles = [f"boltloom.cluster.{path.name}" for path in (ROOT / "roles").iterdir()]
    for kind, names in (("module", modules), ("role", roles), ("inventory", ["boltloom.cluster.hostfile"])):
        assert set(json.loads(ask(core, "ansible-doc", "-t", kind, "--json", *names))) == set(names)
        assert ask(core, "ansible-doc", "-t", kind, *names)
