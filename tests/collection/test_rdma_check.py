# SPDX-License-Identifier: Apache-2.0
"""RDMA is off on one of two Macs: it is reported with what to do, and fails only when it is required."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.fleet
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
    played = rack.play("verify", inventory=inventory)
    assert "mac2" not in played.text.split("PLAY RECAP")[1]
