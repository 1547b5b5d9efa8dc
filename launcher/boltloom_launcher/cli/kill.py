# SPDX-License-Identifier: Apache-2.0
"""``boltloom kill``: end a run from outside."""

from __future__ import annotations

import signal
from typing import Any

import click

from boltloom_launcher.cli.run_hosts import reaches, run_host_options, told
from boltloom_launcher.errors import UsageError


@click.command()
@run_host_options
@click.option("-s", "--signal", "number", default="TERM", metavar="NAME", help="What ranks get first. [default: TERM]")
@click.argument("run")
def kill(**options: Any) -> int:
    """End RUN, which boltloom ps lists on this computer, or on the hosts named.

    RUN is a name, the beginning of one that no other run has, or NAME/PID with the launcher's pid. The agents
    of these hosts end its ranks as always (SIGTERM, then SIGKILL after the run's --grace), and its launcher,
    if it is there, does so on all other hosts and says who did it: its exit status is 128 + the signal.
    Where the launcher is gone or stuck, name all hosts of the run. Returns when it is over on the hosts named.

    Exit status: 0 it is over; 2 wrong usage or file, or no such run; 3 a host could not be reached, or
    the run not be ended.
    """
    number = _number(options["number"])
    hosts = reaches(options)
    import asyncio

    from boltloom_launcher.runs import end_run

    name, where, problems = asyncio.run(end_run(hosts, options["run"], number))
    click.echo(f"ended {name} on {', '.join(where)}")
    return told(problems)


def _number(given: str) -> int:
    """ "TERM", "SIGTERM" or "15"."""
    name = given.upper()
    try:
        if given.isascii() and given.isdigit():
            return int(signal.Signals(int(given)))
        return int(signal.Signals[name if name.startswith("SIG") else f"SIG{name}"])
    except (KeyError, ValueError):
        raise UsageError(f"--signal is {given!r}, which is no signal", "give TERM, INT or KILL") from None
