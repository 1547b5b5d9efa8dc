# SPDX-License-Identifier: Apache-2.0
"""The command line: ``python -m fleet up|down|status|exec|shell|cut|plug|reboot|list``."""

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import NoReturn

from . import fleet as fleets
from .errors import FleetError
from .fleet import CONTROL, FLEETS, Fleet
from .state import RUN, folder_of, take_down


def _up(arguments: argparse.Namespace) -> int:
    began = time.monotonic()
    fleet = fleets.up(arguments.file, arguments.name)
    seconds = time.monotonic() - began
    print(f"fleet {fleet.name!r} is up after {seconds:.1f} s: {', '.join(fleet.hosts)} and control ({fleet.path})")
    return 0


def _down(arguments: argparse.Namespace) -> int:
    take_down(folder_of(arguments.name))
    return 0


def _status(arguments: argparse.Namespace) -> int:
    status = Fleet.named(arguments.name).status()
    if arguments.json:
        print(json.dumps(status, indent=2))
        return 0
    print(f"fleet {status['name']!r} in {status['path']}")
    for name, host in status["hosts"].items():
        ports = " ".join(f"{number}={device}" for number, device in host["ports"].items())
        running = "running" if host["running"] else "stopped"
        print(f"  {name:<12} {host['address']:<15} {host['model']:<9} {running}  {ports}")
    for number, cable in enumerate(status["cables"]):
        plugged = "plugged" if cable["plugged"] else "unplugged"
        print(f"  cable {number:<6} {cable['ends'][0]} -- {cable['ends'][1]}  {plugged}")
    return 0


def _replace_us(fleet: Fleet, host: str, command: list[str], root: bool) -> NoReturn:
    argv = fleet.enter_argv(host, command, root)
    os.execve(argv[0], argv, fleet.environment(host))


def _exec(arguments: argparse.Namespace) -> NoReturn:
    _replace_us(Fleet.named(arguments.name), arguments.host, arguments.command, arguments.root)


def _shell(arguments: argparse.Namespace) -> NoReturn:
    fleet = Fleet.named(arguments.name)
    fleet.pid(arguments.host)
    command = ["bash"] if arguments.host == CONTROL else ["ssh", "-t", arguments.host]
    _replace_us(fleet, CONTROL, command, False)


def _cut(arguments: argparse.Namespace) -> int:
    Fleet.named(arguments.name).cut(arguments.a, arguments.b, arguments.rail)
    return 0


def _plug(arguments: argparse.Namespace) -> int:
    Fleet.named(arguments.name).plug(arguments.a, arguments.b, arguments.rail)
    return 0


def _reboot(arguments: argparse.Namespace) -> int:
    Fleet.named(arguments.name).reboot(arguments.host, {"on": True, "off": False, None: None}[arguments.rdma])
    return 0


def _list(_: argparse.Namespace) -> int:
    print("ready fleet files: " + ", ".join(sorted(path.stem for path in FLEETS.glob("*.yml"))))
    for folder in sorted(RUN.iterdir()) if RUN.exists() else []:
        try:
            print(f"{folder.name}: up, {', '.join(Fleet.named(folder.name).hosts)}")
        except FleetError:
            print(f"{folder.name}: leftovers, `python -m fleet down --name {folder.name}` clears them")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fleet", description="A simulated rack of Macs.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, action: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--name", default="fleet", help="which fleet, where there are several (default: fleet)")
        command.set_defaults(action=action)
        return command

    up = add("up", _up, "bring a fleet up")
    up.add_argument("file", help="a fleet file, or the bare name of a ready one (see `list`)")
    add("down", _down, "end a fleet and remove everything of it; fine if there is none")
    add("status", _status, "what is up").add_argument("--json", action="store_true")
    add("list", _list, "ready fleet files, and fleets that are up")
    run = add("exec", _exec, "run a command in a host: `exec mac1 -- ifconfig`, `exec control -- ssh mac1 hostname`")
    run.add_argument("--root", action="store_true", help="as root of the Mac instead of its user")
    run.add_argument("host")
    run.add_argument("command", nargs=argparse.REMAINDER)
    add("shell", _shell, "a shell in a host").add_argument("host")
    for name, action, text in (("cut", _cut, "pull a cable"), ("plug", _plug, "put a cable back")):
        cable = add(name, action, text)
        cable.add_argument("a")
        cable.add_argument("b")
        cable.add_argument("--rail", type=int, default=0, help="which of several cables, from 0")
    reboot = add("reboot", _reboot, "switch a Mac off and on")
    reboot.add_argument("host")
    reboot.add_argument("--rdma", choices=("on", "off"), help="what was switched in Recovery meanwhile")
    return parser


def _interrupted(number: int, _: object) -> NoReturn:
    raise KeyboardInterrupt(number)


def main(argv: list[str] | None = None) -> int:
    """Run one command; what a user did wrong is one line."""
    arguments = _parser().parse_args(argv)
    if getattr(arguments, "command", None) is not None:
        arguments.command = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
        if not arguments.command:
            print("fleet: exec: no command given (exec HOST -- COMMAND)", file=sys.stderr)
            return 2
    for number in (signal.SIGTERM, signal.SIGHUP):  # so that a half-made fleet is taken down
        signal.signal(number, _interrupted)
    try:
        return int(arguments.action(arguments))
    except FleetError as error:
        print(f"fleet: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt as interruption:
        return 128 + (interruption.args[0] if interruption.args else signal.SIGINT)
