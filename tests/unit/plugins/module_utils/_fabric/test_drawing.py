# SPDX-License-Identifier: Apache-2.0
"""The graph as text, DOT and JSON; Graphviz itself where it is installed."""

from __future__ import annotations

import contextlib
import io
import json
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import drawing, graph
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import GraphError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Peer
from unit.plugins.module_utils._fabric.racks import (
    BROKEN_MESH,
    MESH_OF_FOUR,
    change_port,
    full_mesh,
    names,
    port_of,
    rack,
)

SCHEMA = json.loads((Path(__file__).resolve().parents[5] / "contracts/graph/schema.json").read_text())
HOSTILE = 'a"];\n x -- y [\\N &lt; <b>\x1b[31m {{ 1 }} \u2028\ud800'
EDGE = re.compile(r'  (\w+) -- (\w+) \[label="(\w+)/(\w+)"')


def graphviz(argv, dot):
    return subprocess.run(argv, input=dot, stdout=subprocess.PIPE, check=True, timeout=60).stdout


def not_called(argv, dot):
    raise AssertionError("Graphviz is not needed")


def hostile():
    """A rack of hosts whose names want to be more than names."""
    facts = rack(names(2), [("mac1", 1, "mac2", 1)])
    facts = {HOSTILE: facts["mac1"], "b": facts["mac2"]}
    port = replace(port_of(facts, "b", 2), peers=(Peer("host", HOSTILE + "z", "M", "X-1"),))
    change_port(facts, "b", port)
    return graph.graph_of(facts)


def test_dot_is_what_the_peer_prints_and_more():
    """mlx.distributed_config itself, on the same cables."""
    config = pytest.importorskip("mlx._distributed_utils.config")
    facts = rack(names(28), full_mesh(28))
    theirs = [
        config.ThunderboltHost(
            host,
            sorted(
                (
                    config.ThunderboltPort(port.device, port.domain_uuid, port.peers[0].domain_uuid)
                    for port in known.ports
                    if port.peers
                ),
                key=lambda port: port.iface,
            ),
        )
        for host, known in facts.items()
    ]
    index = {port.uuid: (i, j) for i, host in enumerate(theirs) for j, port in enumerate(host.ports)}
    hosts = [config.Host(i, host, [], []) for i, host in enumerate(facts)]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        config.tb_connectivity_to_dot(hosts, theirs, index)
    ours = drawing.as_dot(graph.graph_of(facts))
    their_lines, our_lines = printed.getvalue().splitlines(), ours.splitlines()
    assert [line for line in our_lines if "--" not in line] == [line for line in their_lines if "--" not in line]
    assert sorted(EDGE.match(line).groups() for line in our_lines if "--" in line) == sorted(
        EDGE.match(line).groups() for line in their_lines if "--" in line
    )


def test_faults_are_red_and_nothing_else_is():
    lines = drawing.as_dot(graph.graph_of(rack(names(4), BROKEN_MESH))).splitlines()
    red = [line for line in lines if "red" in line]
    assert red == [
        '  b -- d [xlabel="missing", tooltip="no cable between mac2 and mac4", '
        'color="red", fontcolor="red", style="dashed"]'
    ]
    assert sum('xlabel="80 Gb/s"' in line for line in lines) == 5


def test_names_are_data_in_dot():
    text = drawing.as_dot(hostile())
    assert len(text.splitlines()) == 3 + 3 + 2  # as many lines as hosts and cables ask for
    assert text.isprintable() or set(text) - {"\n"} == {c for c in text if c.isprintable()}
    assert '[label="a\\"];\\\\n x' in text


@pytest.mark.parametrize("form", ["svg", "png"])
def test_graphviz_draws_it(form):
    drawn = drawing.draw(hostile(), form, graphviz)
    if form == "png":
        assert drawn.startswith(b"\x89PNG")
        return
    root = ElementTree.fromstring(drawn)  # well-formed: nothing broke out
    texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    shown = HOSTILE.replace("\n", "\\n").replace("\x1b", "\\x1b").replace("\u2028", "\\u2028")
    assert shown.replace("\ud800", "\\ud800") in [text.replace("\xa0", " ") for text in texts]


def test_json_is_as_the_contract_says():
    for seen in (hostile(), graph.graph_of(rack(names(4), BROKEN_MESH)), graph.graph_of(rack(names(1), []))):
        written = json.loads(drawing.draw(seen, "json", not_called))
        jsonschema.validate(written, SCHEMA)
        assert len(written["cables"]) == len(seen.edges)
    states = SCHEMA["properties"]["cables"]["items"]["properties"]["state"]["enum"]
    assert tuple(states) == graph.STATES


def test_text_is_the_picture_and_what_is_wrong():
    text = drawing.draw(graph.graph_of(rack(names(4), BROKEN_MESH)), "text", not_called).decode()
    assert text.startswith("4 hosts, 5 cables")
    assert text.endswith("\n\n  missing: no cable between mac2 and mac4\n")


def test_the_summary_counts():
    assert drawing.summary(graph.graph_of(rack(names(4), MESH_OF_FOUR))) == "4 hosts, 6 cables"
    assert drawing.summary(graph.graph_of(rack(names(4), BROKEN_MESH))) == "4 hosts, 5 cables, 1 to look at"


@pytest.mark.parametrize(
    ("path", "form"), [("a.svg", "svg"), ("/x.y/b.PNG", "png"), ("c.gv", "dot"), ("d.txt", "text"), ("e.json", "json")]
)
def test_the_name_says_the_form(path, form):
    assert drawing.format_of(path) == form


@pytest.mark.parametrize("path", ["cables", "/x.svg/cables", "cables.pdf", ""])
def test_a_name_that_says_nothing_is_refused_with_the_names_that_do(path):
    with pytest.raises(GraphError) as caught:
        drawing.format_of(path)
    assert ".svg" in caught.value.hint


def test_graphviz_that_fails_is_one_line():
    line = drawing.graphviz_failed("Error: <stdin>: syntax error\nmore\x1b").one_line()
    assert "\n" not in line and "syntax error" in line
