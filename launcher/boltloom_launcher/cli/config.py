# SPDX-License-Identifier: Apache-2.0
"""``boltloom config``: every flag of mlx.distributed_config with its meaning, and some of ansible-playbook."""

from __future__ import annotations

import re
from typing import Any

import click

from boltloom_launcher.cli.hosts import chosen, host_options, voice
from boltloom_launcher.errors import UsageError

_ENV = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=[^\0]*", re.ASCII | re.DOTALL)


@click.command()
@host_options
@click.option(
    "--over",
    type=click.Choice(["thunderbolt", "ethernet", "auto"]),
    help="What the ranks talk over; auto: Ethernet, with a warning, where the cables do not do. "
    "[default: the inventory's, or thunderbolt]",
)
@click.option(
    "--backend",
    type=click.Choice(["ring", "jaccl", "jaccl-ring"]),
    help="What the hostfile is for. [default: the inventory's, or the best that cables and RDMA allow]",
)
@click.option(
    "--auto-setup/--no-auto-setup",
    default=False,
    help="Set the hosts up, or print the commands that do. [default: print them]",
)
@click.option(
    "--output-hostfile",
    "--output",
    "output",
    metavar="FILE",
    help="Write the hostfile there. [default: beside the inventory; without one it is printed, as with '-']",
)
@click.option("--dot", is_flag=True, help="Print the cables in DOT and do nothing else.")
@click.option(
    "--env", multiple=True, metavar="NAME=VALUE", help="Variable for the ranks, in the hostfile; may be repeated."
)
@click.option("--check", is_flag=True, help="Change nothing, and write no hostfile.")
@click.option("--diff", is_flag=True, help="Show what is changed, before and after.")
@click.option("-K", "--ask-become-pass", "ask", is_flag=True, help="Ask for the password of sudo on the hosts.")
def config(**options: Any) -> int:
    """Make one fabric of the cables between the hosts, and write the hostfile.

    Reads what every host sees, plans, and with --auto-setup gives every cable its own network and checks it from
    both ends. Settings outlast a reboot; a second run changes nothing. Without --auto-setup, or where sudo does not
    work, it prints what is to be typed on each host.

    Exit status: 0 done; 2 wrong usage or file; 3 hosts or cables not fit; 130 or 143 interrupted.
    """
    request_targets, heard = chosen(options), voice(options)
    if options["dot"]:
        from boltloom_launcher.cables import draw, probe

        _print(draw(probe(request_targets, options["ignore_unreachable"], heard), "dot").decode().rstrip("\n"))
        return 0
    from boltloom_launcher.configure import ConfigRequest, configure

    request = ConfigRequest(
        targets=request_targets,
        over=options["over"],
        backend=options["backend"],
        auto_setup=options["auto_setup"],
        output=options["output"],
        envs=tuple(_checked(each) for each in options["env"]),
        check=options["check"],
        diff=options["diff"],
        ignore_unreachable=options["ignore_unreachable"],
        become_password=_password() if options["ask"] else None,
    )
    configure(request, heard, _print)
    return 0


def _checked(env: str) -> str:
    if not _ENV.fullmatch(env):
        raise UsageError(f"--env has {env!r}, which sets no variable", "write NAME=VALUE")
    return env


def _password() -> str:
    return str(click.prompt("Password of sudo on the hosts", hide_input=True, err=True))


def _print(text: str) -> None:
    click.echo(text)
