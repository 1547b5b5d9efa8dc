# SPDX-License-Identifier: Apache-2.0
"""``boltloom launch``: every flag of mlx.launch with its meaning, and some more."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from typing import Any

import click

from boltloom_launcher.backends import backend
from boltloom_launcher.errors import UsageError
from boltloom_launcher.job import Request
from boltloom_launcher.roster import Source, read_roster
from boltloom_launcher.spawn import start_agent

_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_PORT = click.IntRange(1, 65535)
_SECONDS = click.FloatRange(min=0, min_open=True)


@click.command(
    context_settings={"allow_interspersed_args": False}, short_help="Start one process per rank on every host."
)
@click.option("--hosts", metavar="A,B,...", help="Hosts, with commas between them. [default: this computer]")
@click.option("-n", "--repeat-hosts", "repeat", default=1, type=click.IntRange(min=1), help="Ranks per host.")
@click.option("--hostfile", metavar="FILE", help="Hostfile, as boltloom.cluster.configure and MLX write it.")
@click.option("-i", "--inventory", metavar="FILE", help="Ansible inventory: its group 'boltloom', or all its hosts.")
@click.option("--backend", metavar="NAME", help="ring, jaccl, jaccl-ring or nccl. [default: the hostfile's, or ring]")
@click.option("--env", multiple=True, metavar="NAME=VALUE", help="Variable for the ranks; may be repeated.")
@click.option("--cwd", metavar="DIR", help="Working directory of the ranks. [default: this one, or else the home]")
@click.option("--python", metavar="PATH", help="Run COMMAND with this interpreter.")
@click.option("-p", "--starting-port", default=32323, type=_PORT, help="First port of the ring. [default: 32323]")
@click.option("--connections-per-ip", default=1, type=click.IntRange(min=1), help="Ring connections per address.")
@click.option("--nccl-port", default=12345, type=_PORT, help="Port of NCCL's rendezvous. [default: 12345]")
@click.option("--mpi-arg", multiple=True, hidden=True)
@click.option("--ssh-arg", multiple=True, metavar="ARG", help='Options for ssh, as in "-p 2222"; may be repeated.')
@click.option(
    "--tag-output/--no-tag-output", default=None, help="Put [rank] before each line. [default: on a terminal]"
)
@click.option(
    "--timeout",
    default=300.0,
    envvar="BOLTLOOM_TIMEOUT",
    type=_SECONDS,
    help="Seconds that one collective may take. [default: 300]",
)
@click.option("--deadline", type=_SECONDS, help="Seconds that the whole run may take (exit status 124).")
@click.option(
    "--grace", default=10.0, type=click.FloatRange(min=0), help="Seconds from SIGTERM to SIGKILL. [default: 10]"
)
@click.option("--verbose", is_flag=True, help="Say on stderr what is done.")
@click.option("--print-python", is_flag=True, help="Print the interpreter and exit.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def launch(**options: Any) -> int:
    """Start COMMAND once per rank and supervise the ranks until all have ended.

    The first word that is no option begins COMMAND. Typed input goes to rank 0. If a rank
    fails, the others are ended and its exit status (128 + signal) is that of the run.

    Exit status: 0 all ranks succeeded; a rank's own when it failed; 2 wrong usage or file;
    3 hosts not fit; 124 deadline; 130 or 143 interrupted.
    """
    if options["print_python"]:
        click.echo(options["python"] or sys.executable)
        return 0
    request = _request(options)
    agents = [start_agent(reach) for reach in request.roster.reaches]
    from boltloom_launcher.supervise import supervise  # takes as long to import as an agent takes to boot

    return supervise(request, agents)


def _request(options: dict[str, Any]) -> Request:
    if not options["command"]:
        raise UsageError("no command is given", "write it behind the options, as in: boltloom launch -n 2 -- hostname")
    if options["backend"]:
        backend(options["backend"])
    listed = read_roster(
        Source(
            hosts=options["hosts"],
            repeat=options["repeat"],
            hostfile=options["hostfile"],
            inventory=options["inventory"],
            ssh_options=tuple(word for each in options["ssh_arg"] for word in shlex.split(each)),
            python=options["python"],
        ),
        say=lambda line: click.echo(f"boltloom: {line}", err=True),
    )
    name = options["backend"] or listed.backend or "ring"
    backend(name)
    many = len(listed.roster.seats) > 1
    tag = options["tag_output"]
    return Request(
        roster=listed.roster,
        backend=name,
        argv=((options["python"],) if options["python"] else ()) + options["command"],
        env=_env([*listed.envs, *options["env"]]),
        cwd=options["cwd"] or _here(),
        cwd_required=options["cwd"] is not None,
        starting_port=options["starting_port"],
        connections_per_ip=options["connections_per_ip"],
        nccl_port=options["nccl_port"],
        timeout=options["timeout"],
        deadline=options["deadline"],
        grace=options["grace"],
        tag=(many and os.isatty(1)) if tag is None else tag,
        verbose=options["verbose"],
    )


def _env(given: list[str]) -> tuple[tuple[str, str], ...]:
    """A name without a value is set to nothing, as mlx.launch does. The terminal's size is passed on, as there."""
    env = {}
    for each in given:
        name, _, value = each.partition("=")
        if not _ENV_NAME.fullmatch(name):
            raise UsageError(f"--env has {each!r}, which names no variable", "write NAME=VALUE")
        env[name] = value
    columns, lines = shutil.get_terminal_size((0, 0))
    if columns > 0 and "COLUMNS" not in env:
        env |= {"COLUMNS": str(columns), "LINES": str(lines)}
    return tuple(env.items())


def _here() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return os.path.expanduser("~")  # somebody removed the directory that we are in
