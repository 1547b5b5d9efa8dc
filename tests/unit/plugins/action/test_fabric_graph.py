# SPDX-License-Identifier: Apache-2.0
"""fabric_graph under the real ansible-playbook, on hosts whose facts are made up."""

from __future__ import annotations

import json

import pytest
from ansible_collections.boltloom.cluster.plugins.action import fabric_graph
from ansible_collections.boltloom.cluster.plugins.action.fabric_graph import graphviz
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import codec
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import GraphError
from collection.plays import play, task
from unit.plugins.module_utils._fabric.racks import BROKEN_MESH, names, rack

pytestmark = pytest.mark.slow  # many tasks in one play

HOSTS = names(4)
SET_FACTS = {
    "name": "facts",
    "ansible.builtin.set_fact": {"boltloom_thunderbolt": "{{ facts[inventory_hostname] }}", "cacheable": True},
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Plays all tasks once; the registered result of each, the text that the user saw, and the folder."""
    folder = tmp_path_factory.mktemp("graph")
    facts = {host: codec.facts_to_dict(known) for host, known in rack(HOSTS, BROKEN_MESH).items()}
    svg = str(folder / "cables.svg")
    tasks = [
        {**task("fabric_graph", "checked", path=svg), "check_mode": True},
        {"name": "unwritten", "ansible.builtin.stat": {"path": svg}, "register": "unwritten"},
        task("fabric_graph", "svg", path=svg),
        task("fabric_graph", "again", path=svg),
        task("fabric_graph", "json", path=str(folder / "graph"), format="json", hosts=["mac2", "mac1"]),
        task("fabric_graph", "unnamed", path=str(folder / "graph")),
        task("fabric_graph", "nowhere", path=str(folder / "no/such/cables.dot")),
    ]
    found, seen = play(folder, tasks, before=[SET_FACTS], hosts=dict.fromkeys(HOSTS), variables={"facts": facts})
    return found, seen, folder


def test_it_is_drawn_once_and_check_mode_draws_nothing(results):
    found = results[0]
    assert [found[name]["changed"] for name in ("checked", "svg", "again")] == [True, True, False]
    assert not found["unwritten"]["stat"]["exists"]
    drawn = (results[2] / "cables.svg").read_text()
    assert drawn.count("80 Gb/s") == 5 and "red" in drawn


def test_the_user_reads_what_was_drawn(results):
    path = results[2] / "cables.svg"
    assert f"\nwould write {path}: 4 hosts, 5 cables, 1 to look at\n" in results[1]
    assert f"\nwrote {path}: 4 hosts, 5 cables, 1 to look at\n" in results[1]


def test_some_hosts_in_their_order(results):
    written = json.loads((results[2] / "graph").read_text())
    assert written == results[0]["json"]["graph"]
    assert [host["name"] for host in written["hosts"] if host["asked"]] == ["mac2", "mac1"]


@pytest.mark.parametrize(
    ("name", "words"), [("unnamed", "does not say what to draw: let its name end in"), ("nowhere", "cannot be written")]
)
def test_what_a_person_can_repair_is_one_line(name, words, results):
    assert results[0][name]["failed"] and words in results[0][name]["msg"]
    assert "\n" not in results[0][name]["msg"].strip() and "Traceback" not in results[1]


def test_a_computer_without_graphviz_is_told_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GraphError) as caught:
        graphviz(("dot", "-Tsvg"), b"graph G {}")
    assert "apt install graphviz" in caught.value.one_line()


def test_graphviz_is_not_waited_for_without_end(monkeypatch, tmp_path):
    (tmp_path / "dot").write_text("#!/bin/sh\nexec sleep 600\n")
    (tmp_path / "dot").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(fabric_graph, "GRAPHVIZ_SECONDS", 0.2)
    with pytest.raises(GraphError, match="timed out"):
        graphviz(("dot", "-Tsvg"), b"graph G {}")
