# SPDX-License-Identifier: Apache-2.0
"""Starting the process 1 of the fleet, of the control node and of the Macs, and wiring them up."""

import contextlib
import functools
import hashlib
import json
import os
import py_compile
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import disk, linux_disk, wiring
from .description import Description, MacDescription
from .errors import FleetError
from .identity import controller_of, linux_mac, port_mac, switch_uid
from .state import State

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
_DEADLINE = 30.0  # seconds that a host may take for one step of its boot; they take tenths
_CREDENTIALS = struct.Struct("iII")
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def program(name: str) -> str | None:
    """Where a program of this machine is; system programs are not on every root's path."""
    return shutil.which(name, path=_PATH)


@functools.cache
def interpreter() -> str:
    """The Python that runs the simulator's own programs inside the hosts: ours, without its virtual environment."""
    return os.path.realpath(sys.executable)


@functools.cache
def _resolve_python(wanted: str) -> tuple[str, str]:
    """The executable and the prefix of the interpreter that a fleet file names."""
    probe = "import os, sys; print(os.path.realpath(sys.executable)); print(getattr(sys, 'base_prefix', sys.prefix))"
    try:
        done = subprocess.run([wanted, "-c", probe], capture_output=True, text=True, timeout=20, check=True)
        executable, prefix = done.stdout.split("\n")[:2]
    except (OSError, subprocess.SubprocessError):
        raise FleetError(f"the fleet file wants {wanted!r} as a Mac's python3, and it does not run here", 2) from None
    return executable, prefix


def mac_python(mac: MacDescription) -> tuple[str, str]:
    """The Mac's python3 and its prefix; ("", "") if it shall have none."""
    if mac.python == "none":
        return "", ""
    system = "/usr/bin/python3"
    return _resolve_python(mac.python or (system if os.path.exists(system) else interpreter()))


def visible_folders(mac: MacDescription) -> list[str]:
    """Folders that a Mac sees at their own path: the checkout, its virtual environment, the interpreters."""
    wanted = [str(CHECKOUT), sys.prefix, sys.base_prefix, mac_python(mac)[1]]
    kept: list[str] = []
    for folder in sorted({os.path.realpath(path) for path in wanted if path}):
        if folder != "/usr" and not any(folder == seen or folder.startswith(seen + "/") for seen in [*kept, "/usr"]):
            kept.append(folder)
    return kept


def _facts(description: Description, name: str) -> dict[str, Any]:
    """host.json: what does not change about a Mac."""
    mac = description.hosts[name]
    return {
        "name": name,
        "model_id": mac.model_id,
        "marketing": mac.model.name,
        "chip": mac.model.chip,
        "memory_gb": mac.model.memory_gb,
        "cores": mac.model.cores,
        "macos": mac.macos,
        "build": mac.build,
        "rdma_ctl": mac.rdma_ctl,
        "capable_gbps": mac.model.capable_gbps,
        "bridge": mac.bridge,
        "ports": {str(receptacle): device for receptacle, device in mac.ports.items()},
        "uids": {str(receptacle): switch_uid(name, receptacle) for receptacle in mac.ports},
        "macs": {str(receptacle): (linux_mac if mac.linux else port_mac)(name, receptacle) for receptacle in mac.ports},
        "devices": {str(receptacle): kind for receptacle, kind in mac.devices.items()},
        "nics": wiring.nics(description, name),
        "manager": mac.manager,
        "infiniband": list(mac.infiniband),
        "controllers": {str(receptacle): controller_of(receptacle) for receptacle in mac.ports if mac.linux},
        "en0_address": wiring.addresses(description)[name] + "/24",
        "router": wiring.ROUTER,
        "bridge_address": wiring.bridge_address(description, name),
    }


def prepare(folder: Path, description: Description) -> None:
    """Write all files of the fleet."""
    _install_library(folder / "lib")
    home = folder / "control/home"
    disk.make_key(home / ".ssh/id_ed25519", "control")
    key = (home / ".ssh/id_ed25519.pub").read_text(encoding="ascii")
    addresses = wiring.addresses(description)
    for name, mac in description.hosts.items():
        facts = _facts(description, name)
        place = folder / "hosts" / name
        if mac.linux:
            linux_disk.make_disk(place / "disk", mac, facts, addresses, key)
            linux_disk.make_tree(place / "tree", mac_python(mac)[0])
        else:
            disk.make_mac_disk(place / "disk", mac, facts, addresses, key)
            disk.make_tree(place / "tree", mac, mac_python(mac)[0])
        disk.write_json(place / "host/host.json", facts)
        if mac.clock:
            _set_clock(place, mac.clock)
        (place / "mount").mkdir()
    bridged = {name: wiring.bridge_address(description, name).split("/")[0] for name in description.hosts}
    disk.make_control_home(home, description.hosts, addresses, bridged, folder / "hosts")
    etc = folder / "control/etc"
    users = Path("/etc/passwd").read_text(encoding="utf-8")
    # ssh looks for its files in the home of the password database, whatever HOME says
    users = re.sub(r"(?m)^([^:]*:[^:]*:0:[^:]*:[^:]*):[^:]*:", rf"\1:{home}:", users)
    disk.write_text(etc / "passwd", users)
    disk.write_text(etc / "hosts", disk.hosts_file({**addresses, "control": wiring.CONTROL}, "control"))
    disk.write_text(etc / "hostname", "control\n")
    disk.write_text(etc / "resolv.conf", "")
    disk.write_text(etc / "nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\n")


def _set_clock(place: Path, seconds_ahead: int) -> None:
    """Namespaces share the time of day, so a Mac's programs get another answer when they ask for it."""
    _compile("clock.c", place / "host/clock.so", "-shared", "-fPIC", f"-DSECONDS_AHEAD={seconds_ahead}")
    disk.write_text(place / "disk/private/etc/ld.so.preload", "/.fleet/host/clock.so\n")


def _compile(source: str, program_file: Path, *flags: str) -> None:
    compiler = program("cc")
    if compiler is None:
        raise FleetError("a simulated Mac needs a C compiler: apt-get install gcc libc6-dev")
    argv = [compiler, "-O2", *flags, "-o", str(program_file), str(HERE / source)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, timeout=_DEADLINE)


def _install_library(target: Path) -> None:
    """The hosts' own copy of their part, compiled: most of a command's time would be reading its source.

    It is built once for all fleets that are made of the same sources.
    """
    built = CHECKOUT / ".build/fleet-library" / _digest()
    if not built.exists():
        built.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=built.parent) as place:
            os.chmod(place, 0o755)  # users of the hosts read what becomes of it
            library = Path(place) / "library"
            _build_library(library)
            with contextlib.suppress(OSError):  # another fleet was faster
                library.rename(built)
    shutil.copytree(built, target)


def _digest() -> str:
    """Of all that the library is made of."""
    digest = hashlib.sha256(f"{sys.version} {sys.implementation.cache_tag}".encode())
    sources = [HERE / "kernel.py", HERE / "boot.py", *(HERE / "mac").rglob("*"), *(HERE / "linux").rglob("*")]
    for path in sorted(path for path in sources if path.is_file() and "__pycache__" not in path.parts):
        text = path.read_bytes()
        digest.update(f"{path.relative_to(HERE)} {len(text)}\n".encode() + text)
    return digest.hexdigest()


def _build_library(target: Path) -> None:
    for name, scripts in (("mac", ("link_changed",)), ("linux", ("cable_moved",))):
        shutil.copytree(HERE / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        for source in (target / name).rglob("*.py"):
            py_compile.compile(str(source), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
        shutil.copyfile(HERE / "kernel.py", target / "kernel.py")
        for script in scripts:
            (target / name / script).rename(target / script)
    _compile("mac/command.c", target / "command", "-static")


def start_fleet(folder: Path, state: State) -> socket.socket:
    """Start the fleet's process 1. Until it is told "complete" it ends, and everything with it, as soon as the lifeline
    that is returned is closed, be it because we died."""
    lifeline, starter = _start(folder, "fleet", {"role": "fleet", "hostname": "fleet"}, None)
    try:
        _arrived(folder, state, "fleet", lifeline, starter)
        ip_batch(state.processes["fleet"]["pid"], wiring.backplane())
    except BaseException:
        lifeline.close()
        raise
    return lifeline


def start_control(folder: Path, state: State, home: Path) -> None:
    """Start the control node."""
    replaced = {f"/etc/{name}": str(folder / "control/etc" / name) for name in ("passwd", "hosts", "hostname")}
    replaced |= {f"/etc/{name}": str(folder / "control/etc" / name) for name in ("resolv.conf", "nsswitch.conf")}
    replaced[str(home)] = str(home)  # as it is, but free of what /run may be mounted with
    config = {
        "role": "control",
        "hostname": "control",
        "replaced": replaced,
        "network": wiring.control_inside(),
    }
    channel, starter = _start(folder, "control", config, state.processes["fleet"]["pid"])
    with channel:
        _arrived(folder, state, "control", channel, starter)
        ip_batch(state.processes["fleet"]["pid"], wiring.control(state.processes["control"]["pid"]))
        channel.sendall(b"wired")
        _expect(folder, "control", channel, b"up")


def start_macs(
    folder: Path, state: State, description: Description, names: list[str], cables: Callable[[], str]
) -> None:
    """Boot hosts, all at once; ``cables`` says what `ip` shall do between their wiring and their start."""
    fleet = state.processes["fleet"]["pid"]
    with contextlib.ExitStack() as stack:
        started = {}
        for name in names:
            place = folder / "hosts" / name
            config = {
                "role": "linux" if description.hosts[name].linux else "mac",
                "hostname": name,
                "boot_id": state.boots[name],
                "mount_point": str(place / "mount"),
                "disk": str(place / "disk"),
                "tree": str(place / "tree"),
                "visible": visible_folders(description.hosts[name]),
                "interpreter": interpreter(),
                "lib": str(folder / "lib"),
                "world": str(folder / "world"),
                "host": str(place / "host"),
            }
            started[name] = _start(folder, name, config, fleet)
            stack.enter_context(started[name][0])
        for name, (channel, starter) in started.items():
            _arrived(folder, state, name, channel, starter)
        ip_batch(fleet, "".join(wiring.host(description, n, state.processes[n]["pid"]) for n in names))
        ip_batch(fleet, cables())
        for channel, _ in started.values():
            channel.sendall(b"wired")
        for name, (channel, _) in started.items():
            _expect(folder, name, channel, b"up")


def _start(
    folder: Path, name: str, config: dict[str, Any], fleet: int | None
) -> tuple[socket.socket, "subprocess.Popen[bytes]"]:
    path = folder / "boot" / f"{name}.json"
    disk.write_json(path, config)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(_DEADLINE)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    argv = [interpreter(), "-IS", str(HERE / "init.py"), str(path), str(theirs.fileno())]
    if fleet is not None:
        argv = ["nsenter", "-t", str(fleet), "-p", "--", *argv]
    with theirs, open(_log(folder, name), "ab") as log:
        starter = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[theirs.fileno()],
            start_new_session=True,  # a Ctrl-C at our terminal is not for them
            env={"PATH": _PATH},
        )
    return ours, starter


def _arrived(folder: Path, state: State, name: str, channel: socket.socket, starter: "subprocess.Popen[bytes]") -> None:
    """Wait until process 1 says that it is there."""
    state.record(name, _expect(folder, name, channel, b"there"))
    starter.wait(_DEADLINE)  # it forked process 1 and had nothing more to do


def _expect(folder: Path, name: str, channel: socket.socket, word: bytes) -> int:
    """Wait for a word of a process 1; returns its process id as we see it, which the kernel says."""
    try:
        said, extra, _, _ = channel.recvmsg(16, socket.CMSG_SPACE(_CREDENTIALS.size))
    except TimeoutError:
        said, extra = f"nothing within {_DEADLINE:g} s".encode(), []
    if said != word:
        raise FleetError(f"host {name} did not come up ({said.decode() or 'it ended'}): {_last(folder, name)}")
    pid: int = next(_CREDENTIALS.unpack(data)[0] for _, kind, data in extra if kind == socket.SCM_CREDENTIALS)
    return pid


def _log(folder: Path, name: str) -> Path:
    path = folder / "log" / f"{name}.log"
    path.parent.mkdir(exist_ok=True)
    return path


def _last(folder: Path, name: str) -> str:
    lines = _log(folder, name).read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "it said nothing")


def in_backplane(fleet: int, argv: list[str], text: str = "") -> str:
    """Run a program of this machine in the backplane; what it printed."""
    entered = ["nsenter", "-t", str(fleet), "-n", "--", program(argv[0]) or argv[0], *argv[1:]]
    done = subprocess.run(entered, input=text, capture_output=True, text=True, timeout=_DEADLINE, check=False)
    if done.returncode != 0:
        raise FleetError(f"the kernel refused to wire the fleet: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def backplane_links(fleet: int) -> set[str]:
    """The names of all links in the backplane."""
    listing = in_backplane(fleet, ["ip", "-j", "link"])
    return {str(link["ifname"]) for link in json.loads(listing)}


def slow_down(fleet: int, description: Description, number: int) -> None:
    """Limit a slow cable at the ends where it is plugged in."""
    for arguments in wiring.slow_down(description, number):
        in_backplane(fleet, ["tc", *arguments])


def ip_batch(fleet: int, text: str, forgiving: bool = False) -> None:
    """Run `ip` commands in the backplane; ``forgiving`` goes on after one that fails."""
    in_backplane(fleet, ["ip", *(["-force"] if forgiving else []), "-batch", "-"], text)
