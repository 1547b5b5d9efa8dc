# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action boltloom.cluster.fabric_graph. Its documentation stands in plugins/modules/fabric_graph.py."""

from __future__ import annotations

import os
import subprocess

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import codec, drawing, graph
from ansible_collections.boltloom.cluster.plugins.plugin_utils._control_action import ControlAction
from ansible_collections.boltloom.cluster.plugins.plugin_utils._control_file import read_bytes, write_bytes
from ansible_collections.boltloom.cluster.plugins.plugin_utils._reported import hosts_of_play, reported

GRAPHVIZ_SECONDS = 60


class ActionModule(ControlAction):
    """Draws the cables into a file."""

    ARGUMENT_SPEC = {
        "path": {"type": "path", "required": True},
        "format": {"type": "str", "choices": ["auto", "text", "dot", "svg", "png", "json"], "default": "auto"},
        "hosts": {"type": "list", "elements": "str", "default": []},
        "pool": {"type": "str", "default": "10.77.0.0/16"},
        "show": {"type": "bool", "default": True},
    }

    def answer(self, arguments, task_vars):
        """The graph, and the file when the drawing is another than the one in it."""
        path = os.path.abspath(os.path.expanduser(arguments["path"]))
        form = drawing.format_of(path) if arguments["format"] == "auto" else arguments["format"]
        hosts = hosts_of_play(task_vars, arguments["hosts"])
        facts = reported(task_vars, hosts, "boltloom_thunderbolt", codec.facts_from_dict)
        seen = graph.graph_of(facts, hosts, arguments["pool"])
        drawn = drawing.draw(seen, form, graphviz)
        changed = read_bytes(path) != drawn
        if changed and not self._task.check_mode:
            write_bytes(path, drawn)
        if arguments["show"]:
            verb = ("would write" if self._task.check_mode else "wrote") if changed else "unchanged:"
            self.show("{0} {1}: {2}".format(verb, path, drawing.summary(seen)))
        return {"changed": changed, "path": path, "graph": drawing.as_dict(seen)}


def graphviz(argv, dot):
    """Let Graphviz draw. :raises GraphError: it is not installed, or does not manage."""
    try:
        pipe = subprocess.PIPE
        done = subprocess.run(argv, input=dot, stdout=pipe, stderr=pipe, timeout=GRAPHVIZ_SECONDS, check=False)
    except FileNotFoundError:
        raise drawing.no_graphviz() from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise drawing.graphviz_failed(str(error)) from error
    if done.returncode != 0:
        raise drawing.graphviz_failed(done.stderr.decode("utf-8", "replace"))
    return done.stdout
