# SPDX-License-Identifier: Apache-2.0
"""Every module runs on the oldest and the newest Python that a host may have, sent there by the real ansible."""

from __future__ import annotations

import socket

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import codec
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import FabricPlan, HostPlan, WantPort
from collection.interpreters import python
from collection.plays import play, task

pytestmark = pytest.mark.slow
HERE = WantPort(1, "lo", "127.0.0.1", 8, "other", "127.0.0.2", "")
LINK = codec.plan_to_dict(FabricPlan(("localhost",), (), (HostPlan("localhost", (HERE,)),), "pair"))
NOTHING = codec.plan_to_dict(FabricPlan(("localhost",), (), (HostPlan("localhost", ()),), "none"))


@pytest.fixture(scope="module", params=["3.8", "3.13"])
def results(request, tmp_path_factory):
    """Runs every module once under that interpreter; what each returned."""
    folder = tmp_path_factory.mktemp("pythons")
    interpreter = python(request.param)
    with socket.socket() as bound:  # bound and not listening: nobody else gets the port, and it refuses
        bound.bind(("127.0.0.2", 0))
        port = bound.getsockname()[1]
        tasks = [
            task("thunderbolt_facts"),
            task("rdma_facts"),
            task("thunderbolt_net", plan=NOTHING, host="localhost"),
            task("link_check", plan=LINK, host="localhost", port=port),
            task("thunderbolt_net", "wrong_plan", plan={"schema": 7}, host="localhost"),
        ]
        found, seen = play(folder, tasks, interpreter=interpreter)
    assert "Traceback" not in seen
    return found


def test_facts_are_read(results):
    result = results["thunderbolt_facts"]
    assert codec.facts_from_dict(result["thunderbolt"]).system == "linux"
    assert result["ansible_facts"]["boltloom_thunderbolt"] == result["thunderbolt"]


def test_rdma_is_judged(results):
    assert codec.rdma_from_dict(results["rdma_facts"]["rdma"]).reason


def test_a_host_without_planned_ports_is_as_wanted(results):
    assert (results["thunderbolt_net"]["changed"], results["thunderbolt_net"]["steps"]) == (False, [])


def test_a_link_is_verified(results):
    assert [link["evidence"] for link in results["link_check"]["links"]] == ["refused"]


def test_a_wrong_plan_is_one_line(results):
    assert results["wrong_plan"]["failed"]
    assert "schema 7 is not known" in results["wrong_plan"]["msg"]
