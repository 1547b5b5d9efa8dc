# SPDX-License-Identifier: Apache-2.0
"""``boltloom topology``: the cables as they are, drawn; out of the hosts themselves or of facts that were saved."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import codec, drawing
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.graph import Graph, graph_of
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import HostFacts

from boltloom_launcher.ansible.collection import Play, Voice, fit, run_play
from boltloom_launcher.ansible.targets import Targets
from boltloom_launcher.errors import UsageError

_SCHEMA = 1
_GRAPHVIZ_S = 60
_ONLY_CABLES = {"thunderbolt_net_backend": "ring"}  # nothing that RDMA could do is asked about

Facts = Mapping[str, HostFacts]


def probe(targets: Targets, ignore_unreachable: bool, voice: Voice) -> Facts:
    """Ask the hosts what their ports see, in the order of the inventory. Changes nothing.

    :raises UnfitError: a host cannot be reached or read.
    """
    # The first phase of the role alone: whether the cables make a plan is another matter.
    play = Play("configure", targets, _ONLY_CABLES, options=("--tags", "probe"), ignore_unreachable=ignore_unreachable)
    account = fit(run_play(play, voice))
    hosts = [host for host in account.order if host in account.facts]
    return {host: codec.facts_from_dict(account.facts[host]) for host in hosts}


def load_facts(path: str) -> Facts:
    """Facts that ``save_facts`` wrote. :raises UsageError: the file is missing or none of that kind."""
    try:
        raw = json.loads(Path(path).read_text(encoding="utf-8") if path != "-" else sys.stdin.read())
        entries = raw["facts"]
        return {str(host): codec.facts_from_dict(entry) for host, entry in entries.items()}
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror})", "give a file of --save-facts") from None
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        raise UsageError(f"{path} holds no facts", "give a file that boltloom topology --save-facts wrote") from None


def save_facts(path: str, facts: Facts) -> None:
    """Keep the facts, so that the cables can be drawn and planned without the hosts."""
    content = {"schema": _SCHEMA, "facts": {host: codec.facts_to_dict(known) for host, known in facts.items()}}
    write(path, (json.dumps(content, indent=1) + "\n").encode())


def draw(facts: Facts, form: str) -> bytes:
    """The drawing in one of ``drawing.FORMATS``."""
    return drawing.draw(seen(facts), form, graphviz)


def seen(facts: Facts) -> Graph:
    """The graph of the hosts. :raises TopologyError: the cables contradict themselves."""
    return graph_of(facts, tuple(facts))


def graphviz(argv: Sequence[str], dot: bytes) -> bytes:
    """Let Graphviz draw. :raises GraphError: it is not installed, or does not manage."""
    try:
        done = subprocess.run(argv, input=dot, capture_output=True, timeout=_GRAPHVIZ_S)
    except FileNotFoundError:
        raise drawing.no_graphviz() from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise drawing.graphviz_failed(str(error)) from error
    if done.returncode != 0:
        raise drawing.graphviz_failed(done.stderr.decode("utf-8", "replace"))
    return done.stdout


def write(path: str, content: bytes) -> None:
    """Replace a file in one instant. :raises UsageError: it cannot be written."""
    place = Path(path).expanduser()
    try:
        handle, fresh = tempfile.mkstemp(prefix=".boltloom-", dir=place.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(fresh, 0o666 & ~umask)
        os.replace(fresh, place)
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror})", "give another path") from error
