# SPDX-License-Identifier: Apache-2.0
"""The command ``boltloom``, and the one place where an error becomes a line and an exit status."""

from __future__ import annotations

import os
import sys

import click

from boltloom_launcher import __version__
from boltloom_launcher.cli.launch import launch
from boltloom_launcher.errors import EXIT_SIGNAL, EXIT_USAGE, BoltloomError, exit_status


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="boltloom", message="%(prog)s %(version)s")
def boltloom() -> None:
    """Run distributed programs on computers joined by Thunderbolt cables."""


boltloom.add_command(launch)


def main() -> None:
    """Entry point of the command."""
    _have_standard_streams()
    sys.exit(_run())


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
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return EXIT_USAGE
    except click.ClickException as error:
        return _say(error.format_message(), EXIT_USAGE)
    except BoltloomError as error:
        return _say(error.one_line(), exit_status(error))
    except (KeyboardInterrupt, click.Abort):
        return EXIT_SIGNAL + 2
    return status if isinstance(status, int) else 0


def _say(text: str, status: int) -> int:
    for line in text.splitlines():
        print(f"boltloom: {line}", file=sys.stderr)
    return status
