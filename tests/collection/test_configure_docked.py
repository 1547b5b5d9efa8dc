# SPDX-License-Identifier: Apache-2.0
"""Docks, drives and displays are on the ports too: they are neither hosts nor disturbed."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.fleet
FLEET = "docked"


@pytest.fixture(scope="module")
def configured(rack):
    return rack.play("configure")


def test_only_the_cable_between_the_hosts_is_a_link(rack, configured):
    hosts = rack.hostfile["hosts"]
    assert [len(host["ips"]) for host in hosts] == [1, 1]
    rack.ping("mac1", next(host["ips"][0] for host in hosts if host["ssh"] == "mac2"))


def test_the_second_run_changes_nothing(rack, configured):
    assert rack.play("configure").changed() == 0
