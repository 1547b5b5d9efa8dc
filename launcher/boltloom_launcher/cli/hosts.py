# SPDX-License-Identifier: Apache-2.0
"""What ``config`` and ``topology`` have in common: which hosts, and how a person hears what happens."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from boltloom_launcher.ansible.collection import Voice
from boltloom_launcher.ansible.targets import Targets, targets
from boltloom_launcher.errors import UsageError
from boltloom_launcher.host_list import from_names
from boltloom_launcher.roster import read_hostfile

_OPTIONS = (
    click.option(
        "-i",
        "--inventory",
        "inventories",
        multiple=True,
        metavar="FILE",
        help="Ansible inventory; may be repeated. Its group 'boltloom', or all its hosts.",
    ),
    click.option("--hosts", metavar="A,B,...", help="Hosts, with commas between them. [default: this computer]"),
    click.option("--hostfile", metavar="FILE", help="Take the hosts from this hostfile."),
    click.option(
        "--limit", default="", metavar="PATTERN", help="Only these hosts of the inventory (an Ansible pattern)."
    ),
    click.option("--ignore-unreachable", is_flag=True, help="Go on without the hosts that ssh does not reach."),
    click.option("--verbose", is_flag=True, help="Show on stderr everything that Ansible prints."),
)


def host_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which hosts."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def chosen(options: dict[str, Any]) -> Targets:
    """The hosts that the options name. :raises UsageError, HostfileError: they name what is not there."""
    if options["hosts"] is not None and options["hostfile"] is not None:
        raise UsageError("--hosts and --hostfile both say which hosts to use", "give one of them")
    names: tuple[str, ...] = ()
    if options["hostfile"] is not None:
        names = tuple(dict.fromkeys(host.ssh for host in read_hostfile(options["hostfile"]).hosts))
    elif options["hosts"] is not None or not options["inventories"]:
        names = tuple(dict.fromkeys(host.ssh for host in from_names(options["hosts"] or "127.0.0.1", 1)))
    return targets(options["inventories"], names, options["limit"])


def voice(options: dict[str, Any]) -> Voice:
    """A line for each phase where somebody watches; all that Ansible prints where it was asked for."""
    if options["verbose"]:
        return Voice(note=_note, transcript=_transcript)
    return Voice(phase=_note if sys.stderr.isatty() else lambda words: None, note=_note)


def _note(words: str) -> None:
    click.echo(f"boltloom: {words}", err=True)


def _transcript(text: str) -> None:
    if text:
        click.echo(text.replace("\r\n", "\n"), err=True)
