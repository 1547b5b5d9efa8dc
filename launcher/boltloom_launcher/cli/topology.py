# SPDX-License-Identifier: Apache-2.0
"""``boltloom topology``: the cables, seen."""

from __future__ import annotations

import sys
from typing import Any

import click
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.cabling import cabling_table, plan_cabling
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.drawing import FORMATS, format_of

from boltloom_launcher import cables
from boltloom_launcher.cables import Facts
from boltloom_launcher.cli.hosts import chosen, host_options, voice
from boltloom_launcher.errors import UsageError


@click.command()
@host_options
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="What to draw; svg and png need Graphviz. [default: as FILE of -o ends, or text]",
)
@click.option("-o", "--output", metavar="FILE", help="Write the drawing there. [default: stdout]")
@click.option("--plan", "count", type=int, metavar="N", help="Say how to cable N hosts, before anything is bought.")
@click.option("--ports", type=int, metavar="P", help="With --plan: Thunderbolt ports that each host has.")
@click.option("--facts", metavar="FILE", help="Draw what --save-facts kept, and ask no host.")
@click.option("--save-facts", "save", metavar="FILE", help="Keep what the hosts told, as JSON.")
def topology(**options: Any) -> int:
    """Draw the cables between the hosts as they are. Changes nothing and needs no sudo.

    Every cable is shown with the interfaces at both ends and its speed. What is missing (configured before, or
    lacking to a full mesh), seen from one end only, without a link or slower than both ports can do is red.

    With --plan, no host is asked: it prints which cable goes from where to where.

    Exit status: 0 drawn; 2 wrong usage or file; 3 hosts not fit; 130 or 143 interrupted.
    """
    if options["count"] is not None or options["ports"] is not None:
        return _table_to_lay(options)
    form = options["form"] or (format_of(options["output"]) if options["output"] not in (None, "-") else "text")
    facts = cables.load_facts(options["facts"]) if _saved(options) else _asked(options)
    if options["save"] is not None:
        cables.save_facts(options["save"], facts)
    drawn = cables.draw(facts, form)
    if options["output"] in (None, "-"):
        sys.stdout.buffer.write(drawn)
    else:
        cables.write(options["output"], drawn)
    return 0


def _table_to_lay(options: dict[str, Any]) -> int:
    if options["count"] is None or options["ports"] is None:
        raise UsageError("--plan and --ports go together", "write --plan 4 --ports 3")
    names = options["hosts"].split(",") if options["hosts"] else ()
    if names and len(names) != options["count"]:
        raise UsageError(f"--hosts names {len(names)} hosts, --plan {options['count']}", "name as many, or none")
    plan = plan_cabling(options["count"], options["ports"], names)
    click.echo(f"{cabling_table(plan)}\n\n{plan.reason}")
    return 0


def _saved(options: dict[str, Any]) -> bool:
    if options["facts"] is None:
        return False
    if any(options[name] for name in ("hosts", "hostfile", "inventories", "limit")):
        raise UsageError("--facts asks no host", "give it without --hosts, --hostfile, --inventory and --limit")
    return True


def _asked(options: dict[str, Any]) -> Facts:
    return cables.probe(chosen(options), options["ignore_unreachable"], voice(options))
