# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The graph of the cables, drawn: text for people, DOT for Graphviz, JSON for programs.

DOT keeps the nodes, edges and labels that ``mlx.distributed_config --dot`` prints. Graphviz itself is
called by whoever can start programs.
"""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, Sequence

from .errors import GraphError
from .graph import MISSING, OK, ONE_SIDED, STRANGER, Edge, Graph, Node
from .picture import cables_picture
from .shown import line

SCHEMA = 1
FORMATS = ("text", "dot", "svg", "png", "json")

Graphviz = Callable[[Sequence[str], bytes], bytes]  # (its command, DOT) -> the drawing

_SUFFIXES = {"txt": "text", "gv": "dot", "dot": "dot", "svg": "svg", "png": "png", "json": "json"}


def draw(graph: Graph, form: str, graphviz: Graphviz) -> bytes:
    """The drawing in one of FORMATS. :raises GraphError: Graphviz is not there, or does not manage."""
    if form in ("svg", "png"):
        # Around a circle, cables cross least.
        argv = ("dot", "-T" + form, "-Kcirco", "-Gforcelabels=true", "-Gmindist=3")
        return graphviz(argv, as_dot(graph).encode("utf-8"))
    return {"dot": as_dot, "json": as_json}.get(form, as_text)(graph).encode("utf-8")


def format_of(path: str) -> str:
    """The form that a file's name asks for. :raises GraphError: it asks for none that we can draw."""
    name = path.rpartition("/")[2]
    form = _SUFFIXES.get(name.rpartition(".")[2].lower()) if "." in name else None
    if form is None:
        raise GraphError(
            "{0} does not say what to draw".format(path),
            "let its name end in {0}, or say which format".format(", ".join("." + suffix for suffix in _SUFFIXES)),
        )
    return form


def no_graphviz() -> GraphError:
    """The one line for a computer without Graphviz."""
    return GraphError(
        "SVG and PNG are drawn by Graphviz, which is not installed here",
        "install it (apt install graphviz, brew install graphviz), or ask for text, dot or json",
    )


def graphviz_failed(words: str) -> GraphError:
    """The one line for a Graphviz that did not manage."""
    lines = words.strip().splitlines() or ["no output"]
    return GraphError("Graphviz failed ({0})".format(line(lines[0])), "ask for dot, and draw that by hand")


def summary(graph: Graph) -> str:
    """The graph in a few words."""
    asked = sum(node.asked for node in graph.nodes)
    count, faults = len(graph.plan.links), len(graph.faults)
    words = "{0} host{1}, {2} cable{3}".format(asked, "" if asked == 1 else "s", count, "" if count == 1 else "s")
    return words + (", {0} to look at".format(faults) if faults else "")


# ---- text ----


def as_text(graph: Graph) -> str:
    """The picture, and what is wrong below it."""
    lines = [cables_picture(graph.plan)]
    if graph.faults:
        lines += [""] + ["  {0}: {1}".format(edge.state, line(edge.words)) for edge in graph.faults]
    return "\n".join(lines + [""])


# ---- DOT ----


def as_dot(graph: Graph) -> str:
    """The graph for Graphviz, with the nodes, edges and labels of ``mlx.distributed_config --dot``."""
    names = {node.name: _letters(number) for number, node in enumerate(graph.nodes)}
    lines = ["graph G {", "  node [shape=rectangle];"]
    lines.extend(_dot_node(names[node.name], node) for node in graph.nodes)
    lines.extend(_dot_edge(names[edge.a.host], names[edge.b.host], edge) for edge in graph.edges)
    return "\n".join(lines + ["}", ""])


def _letters(number: int) -> str:
    """a to z, then ab, bb, ... as the peer counts."""
    letters = ""
    while True:
        letters += chr(97 + number % 26)
        number //= 26
        if not number:
            return letters


def _dot_node(letters: str, node: Node) -> str:
    grey = "" if node.asked else ", style=dashed, color=gray, fontcolor=gray"
    return "  {0} [label={1}{2}];".format(letters, _quoted(node.name), grey)


def _dot_edge(one: str, two: str, edge: Edge) -> str:
    attributes = [("label", _interfaces(edge))] if edge.a.device or edge.b.device else []
    speed = "{0} Gb/s".format(edge.speed_gbps) if edge.speed_gbps else ""
    beside = ", ".join(part for part in (speed, "" if edge.state == OK else edge.state) if part)
    if beside:
        attributes.append(("xlabel", beside))
    if edge.words:
        attributes.append(("tooltip", edge.words))
    if edge.state == STRANGER:
        attributes += [("color", "gray"), ("fontcolor", "gray")]
    elif edge.state != OK:
        attributes += [("color", "red"), ("fontcolor", "red")]
    if edge.state in (MISSING, ONE_SIDED, STRANGER):
        attributes.append(("style", "dashed"))
    return "  {0} -- {1} [{2}]".format(one, two, ", ".join(name + "=" + _quoted(text) for name, text in attributes))


def _interfaces(edge: Edge) -> str:
    return "{0}/{1}".format(edge.a.device or "?", edge.b.device or "?")


def _quoted(text: str) -> str:
    """A string of DOT. Graphviz would read a backslash as an escape, and "&lt;" as the sign it stands for."""
    return '"{0}"'.format(line(text).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;"))


# ---- JSON ----


def as_json(graph: Graph) -> str:
    """The graph for programs, as ``contracts/graph/schema.json`` says."""
    return json.dumps(as_dict(graph), indent=2) + "\n"


def as_dict(graph: Graph) -> Dict[str, Any]:
    """The graph in lists and dictionaries."""
    return {
        "schema": SCHEMA,
        "shape": graph.plan.shape,
        "order": list(graph.plan.order),
        "hosts": [{"name": node.name, "model": node.model, "asked": node.asked} for node in graph.nodes],
        "cables": [_cable(edge) for edge in graph.edges],
        "warnings": list(graph.plan.warnings),
    }


def _cable(edge: Edge) -> Dict[str, Any]:
    return {
        "ends": [
            {"host": end.host, "receptacle": end.receptacle, "device": end.device, "address": end.address}
            for end in (edge.a, edge.b)
        ],
        "state": edge.state,
        "words": edge.words,
        "speed_gbps": edge.speed_gbps,
        "rail": edge.rail,
        "network": edge.network,
    }
