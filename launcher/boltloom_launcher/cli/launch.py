# SPDX-License-Identifier: Apache-2.0
"""``boltloom launch``: every flag of mlx.launch with its meaning, and some more."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from typing import Any

import click

from boltloom_launcher import colours
from boltloom_launcher.backends import backend
from boltloom_launcher.cli.values import PORT, SECONDS, SECONDS_OR_NONE, variables, words
from boltloom_launcher.errors import UsageError
from boltloom_launcher.event_log import EventLog
from boltloom_launcher.job import Request
from boltloom_launcher.output import Style
from boltloom_launcher.rank_logs import RankLogs
from boltloom_launcher.roster import Source, read_roster
from boltloom_launcher.spawn import start_agents


@click.command(
    context_settings={"allow_interspersed_args": False}, short_help="Start one process per rank on every host."
)
@click.option(
    "--hosts",
    metavar="A,B,...",
    help="Hosts, with commas between them: names, studio-[1-4], host:2 for two ranks. [default: this computer]",
)
@click.option(
    "-n",
    "--repeat-hosts",
    "repeat",
    type=click.IntRange(min=1),
    help="Ranks per host. [default: 1, or the inventory's boltloom_slots]",
)
@click.option("--hostfile", metavar="FILE", help="Hostfile, as boltloom.cluster.configure and MLX write it.")
@click.option(
    "-i",
    "--inventory",
    "inventories",
    multiple=True,
    metavar="FILE",
    help="Ansible inventory; may be repeated. Its group 'boltloom', or all its hosts, or those of --hosts. A host may "
    "have boltloom_python, boltloom_cwd, boltloom_env and boltloom_slots, which the options for these win over.",
)
@click.option("--limit", default="", metavar="PATTERN", help="Only these hosts of the inventory (an Ansible pattern).")
@click.option(
    "--backend",
    metavar="NAME",
    help="ring, jaccl, jaccl-ring, nccl or mpi. "
    "[default: the hostfile's, or nccl with MLX for CUDA and a GPU per rank, or ring]",
)
@click.option("--env", multiple=True, metavar="NAME=VALUE", help="Variable for the ranks; may be repeated.")
@click.option("-m", "--module", is_flag=True, help="COMMAND begins with the name of a Python module.")
@click.option("--no-verify-script", is_flag=True, help="Do not check that the hosts have COMMAND.")
@click.option(
    "--preflight/--no-preflight",
    default=True,
    help="Before anything runs, compare the hosts (script, versions of its libraries, RDMA) and try the connections "
    "between them. [default: do]",
)
@click.option("--cwd", metavar="DIR", help="Working directory of the ranks. [default: this one, or else the home]")
@click.option(
    "--python",
    metavar="PATH",
    help="Run COMMAND with this interpreter. [default for *.py that is not executable, and for -m: this one]",
)
@click.option(
    "-p", "--starting-port", type=PORT, help="First port of the ring. [default: ports that are free on each host]"
)
@click.option("--connections-per-ip", default=1, type=click.IntRange(min=1), help="Ring connections per address.")
@click.option("--nccl-port", type=PORT, help="Port of NCCL's rendezvous. [default: one that is free]")
@click.option(
    "--mpi-arg", multiple=True, metavar="ARG", help='Options for mpirun, as in "--bind-to core"; may be repeated.'
)
@click.option("--ssh-arg", multiple=True, metavar="ARG", help='Options for ssh, as in "-p 2222"; may be repeated.')
@click.option(
    "--tag-output/--no-tag-output", default=None, help="Put [rank] before each line. [default: on a terminal]"
)
@click.option("--tag-hosts/--no-tag-hosts", default=None, help="[rank host] instead. [default: with several hosts]")
@click.option(
    "--color",
    default="auto",
    type=click.Choice(colours.CHOICES),
    help="Colours for tags and for what boltloom says. [default: on a terminal, without NO_COLOR]",
)
@click.option("--timestamps", is_flag=True, help="Put the time of day before each line.")
@click.option("--raw", is_flag=True, help="Pass the ranks' bytes on as they come, whole lines or not.")
@click.option("--only-rank", type=click.IntRange(min=0), metavar="RANK", help="Show the output of this rank only.")
@click.option("--quiet-ranks", is_flag=True, help="Show no rank's output.")
@click.option("--events", metavar="FILE", help="Add a line of JSON to FILE for everything that happens.")
@click.option("--output-dir", metavar="DIR", help="Keep each rank's output in DIR/rank-N.out and .err.")
@click.option(
    "--timeout",
    default=300.0,
    envvar="BOLTLOOM_TIMEOUT",
    type=SECONDS,
    help="Seconds that one collective may take. [default: 300]",
)
@click.option(
    "--deadline", type=SECONDS, help="Seconds that the run may take, once its hosts are known (exit status 124)."
)
@click.option("--grace", default=10.0, type=SECONDS_OR_NONE, help="Seconds from SIGTERM to SIGKILL. [default: 10]")
@click.option("--stdin", default="all", metavar="all|RANK|none", help="Which ranks read what is typed. [default: all]")
@click.option("--tty", is_flag=True, help="Give each rank a terminal, of the size of this one.")
@click.option(
    "--max-restarts",
    default=0,
    type=click.IntRange(0, 10_000),
    help="Start all ranks again when one has failed, so often at most. [default: 0]",
)
@click.option(
    "--restart-delay", default=1.0, type=SECONDS_OR_NONE, help="Seconds before they are started again. [default: 1]"
)
@click.option("--verbose", is_flag=True, help="Say on stderr what is done.")
@click.option("--dry-run", is_flag=True, help="Check the hosts, and print what each rank would run.")
@click.option("--print-python", is_flag=True, help="Print the interpreter and exit.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def launch(**options: Any) -> int:
    """Start COMMAND once per rank and supervise the ranks until all have ended.

    The first word that is no option begins COMMAND. Typed input goes to every rank. With --tty and one
    reader (--stdin 0), so does every key, Ctrl-C included, as with ssh; Ctrl-] three times within a
    second interrupts the run. If a rank
    fails, the others are ended and its exit status (128 + signal) is that of the run.
    With --backend mpi the hosts' own mpirun (or the one that BOLTLOOM_MPIRUN names, as
    in --env BOLTLOOM_MPIRUN=mpirun.mpich) wires the ranks up: Open MPI 4 or 5, or MPICH.
    SIGUSR1, SIGUSR2 and SIGWINCH are passed on to the ranks. When the run is over, however
    it ended, nothing that descends from a rank is left on any host, detached helpers included
    (SIGTERM, then SIGKILL after --grace); only one that was given an empty environment may escape.

    Exit status: 0 all ranks succeeded; a rank's own when it failed; 2 wrong usage or file;
    3 hosts not fit, or lost; 74 stdout cannot be written; 124 deadline; 130 or 143 interrupted;
    141 nobody reads stdout any more.
    """
    if options["print_python"]:
        click.echo(options["python"] or sys.executable)
        return 0
    request = _request(options)
    ways = start_agents(request.roster.reaches)
    with _without_ssl():
        from boltloom_launcher.supervise import supervise  # takes as long to import as an agent takes to boot

    return supervise(request, ways)


@contextlib.contextmanager
def _without_ssl() -> Iterator[None]:
    """asyncio takes it along where it can, which takes a third of its time, and nothing of ours has a use for it."""
    had = "ssl" in sys.modules
    sys.modules.setdefault("ssl", None)  # type: ignore[arg-type]
    try:
        yield
    finally:
        if not had:
            del sys.modules["ssl"]


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
            inventories=options["inventories"],
            limit=options["limit"],
            ssh_options=words(options["ssh_arg"], "--ssh-arg"),
            python=options["python"],
        ),
        say=lambda line: click.echo(f"boltloom: {line}", err=True),
    )
    name = options["backend"] or listed.backend
    if name:
        backend(name)
    size = len(listed.roster.seats)
    readers = _readers(options["stdin"], size)
    # Typed on a terminal, shown on one, and for one rank: then that rank's terminal does everything that ours would.
    keys = options["tty"] and len(readers) == 1 and os.isatty(0) and os.isatty(1)
    return Request(
        roster=listed.roster,
        backend=name,
        argv=_argv(options),
        module=options["module"] and not options["python"],
        checked=not options["no_verify_script"],
        preflight=options["preflight"],
        cables=listed.cables,
        python=options["python"] or "",
        env=_env([*listed.envs, *options["env"]], options["tty"]),
        given_env=frozenset(each.partition("=")[0] for each in options["env"]),
        cwd=options["cwd"] or _here(),
        cwd_required=options["cwd"] is not None,
        starting_port=options["starting_port"],
        connections_per_ip=options["connections_per_ip"],
        nccl_port=options["nccl_port"],
        mpi_args=words(options["mpi_arg"], "--mpi-arg"),
        timeout=options["timeout"],
        deadline=options["deadline"],
        grace=options["grace"],
        stdin=readers,
        tty=options["tty"],
        keys=keys,
        restarts=options["max_restarts"],
        rest=options["restart_delay"],
        dry=options["dry_run"],
        style=_style(options, size, readers if keys else ()),
        events=EventLog(options["events"]) if options["events"] else None,
        logs=RankLogs(options["output_dir"], size) if options["output_dir"] else None,
        verbose=options["verbose"],
    )


def _argv(options: dict[str, Any]) -> tuple[str, ...]:
    """With an interpreter that was asked for; else each host chooses its own where one is needed."""
    command: tuple[str, ...] = options["command"]
    if not options["python"]:
        return command
    return (options["python"], *(("-m",) if options["module"] else ()), *command)


def _style(options: dict[str, Any], size: int, keyed: tuple[int, ...]) -> Style:
    tag, only = options["tag_output"], options["only_rank"]
    if only is not None and only >= size:
        raise UsageError(f"--only-rank is {only}, which is no rank of this run", f"give one from 0 to {size - 1}")
    shown = frozenset() if options["quiet_ranks"] else None if only is None else frozenset([only])
    if options["raw"] and (tag or options["timestamps"]):
        raise UsageError("--raw passes bytes as they are, with nothing before a line", "leave out one of the options")
    seen = size if shown is None else len(shown)
    tag = (seen > 1 and os.isatty(1) and not options["raw"]) if tag is None else tag
    coloured = frozenset(fd for fd in (1, 2) if colours.wanted(options["color"], fd))
    return Style(
        tag=tag,
        stamps=options["timestamps"],
        raw=options["raw"],
        shown=shown,
        hosts=options["tag_hosts"],
        coloured=coloured,
        keyed=frozenset(keyed),
        newline=b"\r\n" if keyed and os.isatty(2) else b"\n",  # on a terminal that does nothing by itself
    )


def _readers(given: str, size: int) -> tuple[int, ...]:
    """The ranks that read what is typed."""
    if given in ("all", "none"):
        return tuple(range(size)) if given == "all" and not os.path.samestat(os.fstat(0), os.stat(os.devnull)) else ()
    if not (given.isascii() and given.isdigit()) or len(given) > 9 or int(given) >= size:
        ranks = f"a rank from 0 to {size - 1}" if size > 1 else "0"
        raise UsageError(f"--stdin is {given!r}, which is no rank of this run", f"give all, none or {ranks}")
    return (int(given),)


def _env(given: list[str], tty: bool) -> tuple[tuple[str, str], ...]:
    """The terminal's size is passed on, as mlx.launch does.

    A rank's own terminal knows its size, and programs would believe these variables even when it has changed.
    """
    env = variables(given)
    if tty:
        return tuple({"TERM": os.environ.get("TERM") or "dumb", **env}.items())
    columns, lines = shutil.get_terminal_size((0, 0))
    if columns > 0 and "COLUMNS" not in env:
        env |= {"COLUMNS": str(columns), "LINES": str(lines)}
    return tuple(env.items())


def _here() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return os.path.expanduser("~")  # somebody removed the directory that we are in
