# SPDX-License-Identifier: Apache-2.0
"""What ``ps``, ``kill`` and ``logs`` have in common: on which hosts they look for runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from boltloom_launcher.cli.values import words
from boltloom_launcher.errors import EXIT_UNFIT, UsageError
from boltloom_launcher.hosts import Reach
from boltloom_launcher.roster import Source, read_roster

_OPTIONS = (
    click.option(
        "--hosts",
        metavar="A,B,...",
        help="Look on these hosts. [default: this computer, and those where its launchers have ranks]",
    ),
    click.option("--hostfile", metavar="FILE", help="Look on the hosts of this hostfile."),
    click.option(
        "-i",
        "--inventory",
        "inventories",
        multiple=True,
        metavar="FILE",
        help="Look on the hosts of this Ansible inventory; may be repeated.",
    ),
    click.option(
        "--limit", default="", metavar="PATTERN", help="Only these hosts of the inventory (an Ansible pattern)."
    ),
    click.option("--ssh-arg", multiple=True, metavar="ARG", help='Options for ssh, as in "-p 2222"; may be repeated.'),
    click.option("--python", metavar="PATH", help="Try this interpreter first on the hosts."),
)


def run_host_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say where to look."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def reaches(options: dict[str, Any]) -> tuple[Reach, ...]:
    """The hosts that the options name, as ``launch`` reads them; none if they name none."""
    if options["hosts"] is None and options["hostfile"] is None and not options["inventories"] and not options["limit"]:
        if options["ssh_arg"] or options["python"]:
            raise UsageError("--ssh-arg and --python are for hosts that are named", "give --hosts, --hostfile or -i")
        return ()
    source = Source(
        hosts=options["hosts"],
        hostfile=options["hostfile"],
        inventories=options["inventories"],
        limit=options["limit"],
        ssh_options=words(options["ssh_arg"], "--ssh-arg"),
        python=options["python"],
        cables=False,
    )
    return read_roster(source, say=lambda line: None).roster.reaches


def told(problems: list[str]) -> int:
    """Say what is wrong with hosts that could not be asked; the exit status."""
    for problem in problems:
        click.echo(f"boltloom: {problem}", err=True)
    return EXIT_UNFIT if problems else 0
