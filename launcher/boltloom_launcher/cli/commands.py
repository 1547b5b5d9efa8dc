# SPDX-License-Identifier: Apache-2.0
"""The command ``boltloom``, and the one place where an error becomes a line and an exit status."""

from __future__ import annotations

import importlib
import os
import signal
import sys

import click

from boltloom_launcher import __version__
from boltloom_launcher.errors import EXIT_SIGNAL, EXIT_USAGE, BoltloomError, Interrupted, exit_status

# What the list of commands shows. A command is imported when it is called: what one needs, no other waits for.
_COMMANDS = {
    "launch": "Start one process per rank on every host.",
    "exec": "Be a rank that a scheduler has started (srun, mpirun, torchrun, Kubernetes).",
    "ps": "List the runs on this computer or on hosts.",
    "kill": "End a run.",
    "logs": "Show what the ranks of a run wrote.",
    "config": "Make one fabric of the cables, and write the hostfile.",
    "topology": "Draw the cables between the hosts.",
}


class _Commands(click.Group):
    """The commands, each in a module of its own name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command = getattr(importlib.import_module(f"boltloom_launcher.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Not click's way with a Ctrl-C, which is an empty line."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:  # what takes its time has handlers of its own; this came before
            launching = ctx.invoked_subcommand == "launch"
            words = "interrupted before the ranks had started" if launching else "interrupted"
            raise Interrupted(signal.SIGINT, words) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="boltloom", message="%(prog)s %(version)s")
def boltloom() -> None:
    """Run distributed programs on computers joined by Thunderbolt cables."""


def run() -> int:
    """Run the command line; its exit status."""
    _have_standard_streams()
    return _run()


def _have_standard_streams() -> None:
    """A caller may have closed them (cron, `<&-`); then the first pipe that we make would take their number."""
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _run() -> int:
    try:
        status = boltloom(prog_name="boltloom", standalone_mode=False)
        if sys.stdout is not None:  # closed by the caller
            sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return EXIT_USAGE
    except click.ClickException as error:
        return _say(error.format_message(), EXIT_USAGE)
    except BoltloomError as error:
        return _say(error.one_line(), exit_status(error))
    except BrokenPipeError:  # as in: boltloom topology | head -1
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # where Python's own flush at the end would complain again
        return EXIT_SIGNAL + signal.SIGPIPE
    except (KeyboardInterrupt, click.Abort):
        return _say("interrupted", EXIT_SIGNAL + signal.SIGINT)
    return status if isinstance(status, int) else 0


def _say(text: str, status: int) -> int:
    for line in text.splitlines():
        print(f"boltloom: {line}", file=sys.stderr)
    return status
