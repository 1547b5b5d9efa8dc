# SPDX-License-Identifier: Apache-2.0
"""A fleet that is up: run commands in its hosts, pull cables, reboot Macs. And how it comes up and goes down."""

import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import boot, wiring
from .description import Description, read_description
from .disk import GID, MAC_PATH, UID, write_json
from .errors import FleetError
from .identity import controller_of, controller_uuid, domain_order, domain_uuid, first_boot, next_boot
from .requirements import missing_packages, why_not_here
from .state import State, alive, clear_leftovers, folder_of, kill, take_down

HERE = Path(__file__).resolve().parent
FLEETS = HERE / "fleets"
CONTROL = "control"


class Fleet:
    """A fleet that is up, found by its run directory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.state = State.load(path)
        self.description: Description = read_description(path / "fleet.yml")
        for host, rdma in self.state.rdma.items():
            self._switch_rdma(host, rdma)

    @classmethod
    def named(cls, name: str) -> "Fleet":
        """The fleet of that name. :raises FleetError: it is not up."""
        fleet = cls(folder_of(name))
        if not fleet.state.complete or not alive(fleet.state.processes.get("fleet")):
            raise FleetError(f"fleet {name!r} is not (or no longer) up: `python -m fleet down --name {name}` clears it")
        return fleet

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def hosts(self) -> list[str]:
        """The Macs."""
        return list(self.description.hosts)

    @property
    def addresses(self) -> dict[str, str]:
        """The Macs' management addresses."""
        return wiring.addresses(self.description)

    @property
    def home(self) -> Path:
        """The control node's home, at the same path inside and outside."""
        return self.path / "control/home"

    def pid(self, host: str) -> int:
        """Process 1 of a host, as seen from outside. :raises FleetError: no such host, or it is not running."""
        if host != CONTROL and host not in self.description.hosts:
            raise FleetError(f"no host {host!r} in fleet {self.name!r} (it has control, {', '.join(self.hosts)})", 2)
        process = self.state.processes.get(host)
        if process is None or not alive(process):
            self.state = State.load(self.path)  # somebody else may have rebooted it
            process = self.state.processes.get(host)
        if process is None or not alive(process):
            raise FleetError(f"host {host} of fleet {self.name!r} is not running: `python -m fleet reboot {host}`")
        return int(process["pid"])

    def environment(self, host: str) -> dict[str, str]:
        """Variables for a command in a host: the caller's own on the control node, a login's on a Mac."""
        self.pid(host)  # there is such a host
        if host == CONTROL:
            agentless = {k: v for k, v in os.environ.items() if k not in ("SSH_AUTH_SOCK", "XDG_RUNTIME_DIR")}
            return {**agentless, "HOME": str(self.home), "BOLTLOOM_FLEET": self.name}
        user = self.description.hosts[host].user
        terminal = {k: os.environ[k] for k in ("TERM",) if k in os.environ}
        who = {"HOME": self.description.hosts[host].home, "USER": user, "LOGNAME": user, "SHELL": "/bin/bash"}
        return {**terminal, **who, "PATH": MAC_PATH, "LANG": "C.UTF-8"}

    def enter_argv(self, host: str, argv: Sequence[str], root: bool = False) -> list[str]:
        """The command line that runs ``argv`` in a host: as the control's root, or as a Mac's user unless ``root``."""
        pid = self.pid(host)
        uid, gid = (0, 0) if host == CONTROL or root else (UID, GID)
        cwd = os.getcwd() if host == CONTROL else ("/" if root else self.environment(host)["HOME"])
        interpreter = [boot.interpreter(), "-IS", str(HERE / "enter.py")]
        return [*interpreter, str(pid), str(uid), str(gid), cwd, *argv]

    def run(
        self, host: str, argv: Sequence[str], root: bool = False, check: bool = False, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in a host, not over ssh, and collect its output. ``options`` go to :func:`subprocess.run`."""
        options = {"capture_output": True, "text": True, "timeout": 60, "stdin": subprocess.DEVNULL, **options}
        if "input" in options:
            del options["stdin"]
        environment = {**self.environment(host), **options.pop("env", {})}
        return subprocess.run(self.enter_argv(host, argv, root), env=environment, check=check, **options)

    def popen(self, host: str, argv: Sequence[str], root: bool = False, **options: Any) -> "subprocess.Popen[Any]":
        """Start a command in a host and leave it to the caller."""
        environment = {**self.environment(host), **options.pop("env", {})}
        return subprocess.Popen(self.enter_argv(host, argv, root), env=environment, **options)

    def processes(self) -> list[int]:
        """All processes of the fleet: the descendants of its process 1."""
        parents = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):  # it ended while we looked
                    stat = (entry / "stat").read_text(encoding="ascii", errors="replace")
                    parents[int(entry.name)] = int(stat.rsplit(")", 1)[1].split()[1])
        found = [int(self.state.processes["fleet"]["pid"])]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    def counters(self, host: str, interface: str) -> dict[str, int]:
        """rx_bytes, rx_packets, tx_bytes, tx_packets of an interface, from the kernel."""
        text = Path(f"/proc/{self.pid(host)}/net/dev").read_text(encoding="ascii")
        for line in text.splitlines():
            name, _, numbers = line.partition(":")
            if name.strip() == interface:
                n = [int(number) for number in numbers.split()]
                return {"rx_bytes": n[0], "rx_packets": n[1], "tx_bytes": n[8], "tx_packets": n[9]}
        raise FleetError(f"host {host} has no interface {interface!r}", 2)

    def cables_between(self, a: str, b: str) -> list[int]:
        """The numbers of the cables between two hosts, in the order of the fleet file."""
        cables = enumerate(self.description.cables)
        return [i for i, cable in cables if {end[0] for end in cable.ends} == {a, b}]

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One change of the fleet at a time, each knowing of those before it, whoever makes them."""
        with open(self.path / "lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.state = State.load(self.path)
            yield

    def cut(self, a: str, b: str, rail: int = 0) -> None:
        """Pull the ``rail``-th cable between two hosts."""
        self._plug(a, b, rail, False)

    def plug(self, a: str, b: str, rail: int = 0) -> None:
        """Put it back."""
        self._plug(a, b, rail, True)

    def _plug(self, a: str, b: str, rail: int, plugged: bool) -> None:
        self.pid(a), self.pid(b)  # they exist and run
        numbers = self.cables_between(a, b)
        if not 0 <= rail < len(numbers):
            raise FleetError(f"there is no cable {rail} between {a} and {b} (there are {len(numbers)}, from 0)", 2)
        with self._alone():
            self.state.plugged[numbers[rail]] = plugged
            self.state.save()
            self.publish()
            self._connect([numbers[rail]])

    def _connect(self, numbers: list[int]) -> None:
        """Make carriers as they shall be and tell the Macs at the ends."""
        fleet = self.state.processes["fleet"]["pid"]
        boot.ip_batch(fleet, self.connections(numbers))
        for number in numbers:
            if self._is_plugged(number):
                boot.slow_down(fleet, self.description, number)
            for host, receptacle in self.description.cables[number].ends:
                self._tell(host, receptacle)

    def connections(self, numbers: list[int]) -> str:
        """What `ip` has to do in the backplane so that these cables are as they shall be."""
        pids = {name: int(process["pid"]) for name, process in self.state.processes.items()}
        present = boot.backplane_links(pids["fleet"])
        return "".join(wiring.connect(self.description, n, self._is_plugged(n), pids, present) for n in numbers)

    def _tell(self, host: str, receptacle: int) -> None:
        """Tell a running host that a cable moved, as its kernel would tell configd, or show it in /sys."""
        if host in self.state.boots:
            device = self.description.hosts[host].ports[receptacle]
            script = "cable_moved" if self.description.hosts[host].linux else "link_changed"
            self.run(host, [f"/.fleet/lib/{script}", device], root=True, check=True)

    def _is_plugged(self, number: int) -> bool:
        ends = self.description.cables[number].ends
        return self.state.plugged[number] and all(host in self.state.boots for host, _ in ends)

    def reboot(self, host: str, rdma: bool | None = None) -> None:
        """Switch a Mac off and on: its processes die, its interfaces are made anew from its preferences.

        With ``rdma`` somebody was in Recovery meanwhile and ran `rdma_ctl enable` or `rdma_ctl disable`.
        """
        if host not in self.description.hosts:
            raise FleetError(f"only a Mac can be rebooted: {', '.join(self.hosts)}", 2)
        numbers = [n for n, c in enumerate(self.description.cables) if host in (c.ends[0][0], c.ends[1][0])]
        with self._alone():
            before = self.state.boots[host]
            self._switch_off(host, numbers)
            if rdma is not None:
                self.state.rdma[host] = rdma
                self._switch_rdma(host, rdma)
            self.state.boots[host] = next_boot(before)
            self.publish()
            found = self._as_found(host, numbers)
            boot.start_macs(self.path, self.state, self.description, [host], lambda: self.connections(found))
            self._tell_peers(host, numbers)
            self.state.save()

    def _as_found(self, host: str, numbers: list[int]) -> list[int]:
        """The cables of a host in the order in which its kernel finds them at this boot: it numbers interfaces so."""
        if not self.description.hosts[host].linux:
            return numbers
        order = domain_order(self.state.boots[host])

        def place(number: int) -> tuple[int, int]:
            receptacle = next(end[1] for end in self.description.cables[number].ends if end[0] == host)
            return order.index(controller_of(receptacle)), receptacle

        return sorted(numbers, key=place)

    def _switch_rdma(self, host: str, rdma: bool) -> None:
        self.description.hosts[host] = replace(self.description.hosts[host], rdma=rdma)

    def _switch_off(self, host: str, numbers: list[int]) -> None:
        self.state.boots.pop(host, None)
        self.publish()
        fleet = self.state.processes["fleet"]["pid"]
        present = boot.backplane_links(fleet)
        boot.ip_batch(fleet, wiring.unplug_host(self.description, host, present), forgiving=True)
        boot.ip_batch(fleet, self._peer_connections(host, numbers, present))
        self._tell_peers(host, numbers)
        kill(self.state.processes.get(host))

    def _peer_connections(self, host: str, numbers: list[int], present: Collection[str]) -> str:
        """The cables of a host that is off, as its neighbours see them."""
        lines = []
        for number in numbers:
            cable = self.description.cables[number]
            for port, end in zip(wiring.cable_ports(self.description, cable), cable.ends, strict=True):
                lines += wiring.unplug(self.description, port, end[0], present) if end[0] != host else []
        return "".join(line + "\n" for line in lines)

    def _tell_peers(self, host: str, numbers: list[int]) -> None:
        for number in numbers:
            for end, receptacle in self.description.cables[number].ends:
                if end != host:
                    self._tell(end, receptacle)

    def publish(self) -> None:
        """Write what the emulated firmware shows."""
        domains = {
            name: {
                receptacle: self._domain(name, boot_id, receptacle) for receptacle in self.description.hosts[name].ports
            }
            for name, boot_id in self.state.boots.items()
        }
        plugged = [self._is_plugged(n) for n in range(len(self.description.cables))]
        write_json(self.path / "world/world.json", wiring.world(self.description, domains, plugged))

    def _domain(self, name: str, boot_id: str, receptacle: int) -> str:
        if self.description.hosts[name].linux:
            return controller_uuid(name, controller_of(receptacle)).upper()
        return domain_uuid(boot_id, receptacle)

    def status(self) -> dict[str, Any]:
        """What is there, for people and programs."""
        hosts = {
            name: {
                "address": self.addresses[name],
                "model": mac.model_id,
                "running": alive(self.state.processes.get(name)),
                "ports": {str(receptacle): device for receptacle, device in mac.ports.items()},
                "user": mac.user,
            }
            for name, mac in self.description.hosts.items()
        }
        cables = [
            {"ends": [f"{host}:{receptacle}" for host, receptacle in cable.ends], "plugged": self.state.plugged[i]}
            for i, cable in enumerate(self.description.cables)
        ]
        return {"name": self.name, "path": str(self.path), "hosts": hosts, "cables": cables}

    def down(self) -> None:
        """End it and remove everything."""
        take_down(self.path)


def up(file: Path | str, name: str = "fleet") -> Fleet:
    """Bring a fleet up that stays until somebody takes it down."""
    fleet, lifeline = _up(file, name)
    with lifeline:
        lifeline.sendall(b"complete")
    return fleet


@contextlib.contextmanager
def fleet_up(file: Path | str, name: str | None = None) -> Iterator[Fleet]:
    """A fleet for the length of a ``with`` block; its processes end with us even if nobody leaves the block."""
    fleet, lifeline = _up(file, name or f"t{os.getpid()}-{uuid.uuid4().hex[:6]}")
    with lifeline:
        try:
            yield fleet
        finally:
            fleet.down()


def _up(file: Path | str, name: str) -> tuple[Fleet, socket.socket]:
    """Bring a fleet up. Whatever goes wrong, nothing of it is left behind."""
    reason = why_not_here()
    if reason:
        raise FleetError(reason)
    path = Path(file)
    if not path.exists() and (FLEETS / f"{file}.yml").exists():
        path = FLEETS / f"{file}.yml"  # one of the ready ones, by its bare name
    missing = missing_packages(read_description(path))
    if missing:
        raise FleetError(
            f"the Linux hosts of this fleet need {', '.join(missing)}: apt-get install {' '.join(missing)}"
        )
    folder = folder_of(name)
    if not clear_leftovers(folder):
        raise FleetError(f"fleet {name!r} is up already: `python -m fleet down --name {name}` first")
    try:
        shutil.copyfile(path, folder / "fleet.yml")
        State(folder).record("owner", os.getpid())
        lifeline = _bring_up(Fleet(folder))
    except BaseException:
        take_down(folder)
        raise
    return Fleet(folder), lifeline


def _bring_up(fleet: Fleet) -> socket.socket:
    description, state = fleet.description, fleet.state
    with contextlib.ExitStack() as stack:
        lifeline = stack.enter_context(boot.start_fleet(fleet.path, state))
        state.plugged = [True] * len(description.cables)
        state.boots = {name: first_boot() for name in description.hosts}
        fleet.publish()
        boot.prepare(fleet.path, description)
        boot.start_control(fleet.path, state, fleet.home)
        numbers = list(range(len(description.cables)))
        fleet_pid = state.processes["fleet"]["pid"]
        boot.ip_batch(fleet_pid, "".join(wiring.lay_cable(n) for n in numbers))
        boot.start_macs(fleet.path, state, description, list(description.hosts), lambda: fleet.connections(numbers))
        for number in numbers:
            boot.slow_down(fleet_pid, description, number)
        state.complete = True
        state.save()
        stack.pop_all()  # from here on the lifeline is the caller's
    return lifeline
