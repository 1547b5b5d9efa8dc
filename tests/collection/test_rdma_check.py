# SPDX-License-Identifier: Apache-2.0
"""RDMA is off on one of two Macs: it is reported with what to do, and fails only when it is required."""

from __future__ import annotations

import re
import subprocess

import pytest
from collection.conftest import BIN, SETTINGS

pytestmark = [pytest.mark.fleet, pytest.mark.minutes(1)]
FLEET = "rdma_off"


def test_the_mac_that_needs_recovery_is_named_and_nothing_fails(rack):
    played = rack.play("probe")
    assert re.search(r"^mac2\s+needs-recovery\s+\S", played.text, re.MULTILINE)
    assert re.search(r"^mac1\s+no-link\s+\S", played.text, re.MULTILINE)
    assert played.changed() == 0


def test_required_it_fails_with_the_reason(rack):
    played = rack.play("probe", "-e", "rdma_check_required=true", fails=True)
    assert "RDMA is required and not ready: mac1: " in played.flat
    assert "; mac2: " in played.flat


def test_only_the_group_boltloom_is_played_where_there_is_one(rack):
    inventory = rack.folder / "more.yml"
    inventory.write_text("boltloom: {hosts: {mac1: }}\nothers: {hosts: {mac2: }}\n")
    played = rack.play("probe", inventory=inventory)
    assert "mac2" not in played.text.split("PLAY RECAP")[1]


def test_a_visit_to_recovery_is_waited_for_and_who_is_pending_is_named(rack):
    """mac2 is restarted, and then enabled, while the playbook waits; it does not answer meanwhile."""
    argv = [str(BIN / "ansible-playbook"), "boltloom.cluster.probe", "-i", str(rack.inventory)]
    argv += ["-e", "rdma_check_wait=150", "-e", "rdma_check_pause=1"]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with rack.fleet.popen("control", argv, env={**rack.fleet.environment("control"), **SETTINGS}, **pipes) as running:
        assert any(
            "pending: mac2 - start each in Recovery, run 'rdma_ctl enable' there" in line for line in running.stdout
        )
        rack.fleet.reboot("mac2", rdma=True)
        said, _ = running.communicate(timeout=200)
    assert running.returncode == 0, said
    assert re.search(r"^mac2\s+wrong-address\s", said, re.MULTILINE)  # enabled, and nothing is configured yet


def test_the_wait_has_an_end(rack):
    rack.fleet.reboot("mac2", rdma=False)
    played = rack.play("probe", "-e", "rdma_check_wait=1", "-e", "rdma_check_pause=1")
    assert played.text.count('"msg": "pending: mac2') in (1, 2)
    assert re.search(r"^mac2\s+needs-recovery\s", played.text, re.MULTILINE)
