# SPDX-License-Identifier: Apache-2.0
"""The demo's steps. Each shows something, checks that it is what was promised, and returns what it saw.

A step that does not keep its promise raises :class:`demo.show.DemoError`.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.macos.ifconfig import parse_ifconfig

from demo.places import FleetPlace, Place
from demo.show import DemoError, Finished, heading, note, stream

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
RECAP = re.compile(
    r"^(?P<host>\S+)\s+: ok=\d+\s+changed=(?P<changed>\d+)\s+unreachable=(?P<unreachable>\d+)\s+failed=(?P<failed>\d+)"
)
RANK_AND_PID = re.compile(r"rank (?P<rank>\d+) on (?P<host>\S+) \(pid (?P<pid>\d+)\)")
SUMS = re.compile(r"\d+ s: \d+ sums")


@dataclass(frozen=True)
class Configured:
    """What two runs of the playbook changed: host -> number of changed tasks."""

    first: dict[str, int]
    second: dict[str, int]
    hostfile: str


@dataclass(frozen=True)
class Summed:
    """A run of an example: the hosts by rank, and what it printed."""

    hosts: dict[int, str]
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Killed:
    """What a user sees when one rank is killed."""

    code: int
    seconds: float  # from the kill to the launcher's end
    report: str  # the launcher's line that says who, where and why


def as_delivered(place: FleetPlace) -> dict[str, tuple[str, ...]]:
    """How macOS sets a Mac up: what each host's bridge holds. No cable has an address, so no program could use it."""
    held = {}
    for host in place.hosts:
        interfaces = parse_ifconfig(place.fleet.run(host, ["ifconfig"], check=True).stdout)
        ports = sorted(place.fleet.description.hosts[host].ports.values())
        held[host] = tuple(sorted(interfaces["bridge0"].members))
        addressed = [port for port in ports if interfaces[port].addresses]
        if list(held[host]) != ports or addressed:
            raise DemoError(f"bridge0 of {host} holds {held[host]} of {ports}, and {addressed} have addresses")
        note(f"{host}: ifconfig says that bridge0 holds {' '.join(ports)}, and that none of them has an address")
    return held


def configure(place: FleetPlace) -> Configured:
    """Runs the playbook twice: it configures, then changes nothing."""
    heading("From cables to links: the real playbook, over each host's real sshd")
    typed = ["ansible-playbook", "boltloom.cluster.configure", "-i", place.inventory.name]
    first = _recap(place, stream(place.argv(typed), typed=typed, deadline=180), typed)
    heading("The same again: nothing is left to change")
    second = _recap(place, stream(place.argv(typed), typed=typed, deadline=180), typed)
    if not all(first.values()):
        raise DemoError(f"the first run should have changed every host, it changed {first}")
    if any(second.values()):
        raise DemoError(f"the second run should have changed nothing, it changed {second}")
    return Configured(first, second, place.hostfile.read_text())


def _recap(place: Place, done: Finished, typed: list[str]) -> dict[str, int]:
    found = {m["host"]: m for m in map(RECAP.match, done.lines) if m}
    if done.code or set(found) != set(place.hosts):
        raise DemoError(f"{' '.join(typed)} exited {done.code} and reported on {sorted(found) or 'no host'}")
    return {host: int(m["changed"]) for host, m in found.items()}


def all_reduce(place: Place) -> Summed:
    """Our library: an all-reduce over the ring, checked by every rank, measured by rank 0."""
    heading("Our library across the hosts: sums, then bus bandwidth per size")
    before = place.traffic()
    typed = place.launch("python", str(EXAMPLES / "all_reduce.py"))
    done = _succeed(stream(place.argv(typed), typed=typed, deadline=120), typed)
    after = place.traffic()
    summed = _every_rank(place, done)
    if before:
        _went_over_the_cables(before, after)
    return summed


def _went_over_the_cables(before: dict[str, dict[str, int]], after: dict[str, dict[str, int]]) -> None:
    note("bytes sent by each host during that run, read from its interfaces' counters:")
    for host, counters in after.items():
        sent = {device: count - before[host].get(device, 0) for device, count in counters.items()}
        cables = sum(count for device, count in sent.items() if device != "en0")
        shown = "  ".join(
            f"{device} {count:>13,}" for device, count in sorted(sent.items()) if count or device == "en0"
        )
        note(f"  {host}: {shown}")
        if cables < 20 * sent["en0"]:
            raise DemoError(f"{host} sent {cables:,} bytes over its cables and {sent['en0']:,} over en0")


def mlx(place: Place) -> Summed:
    """An MLX program and MLX's own ring, unchanged."""
    heading("An MLX program, unchanged, over MLX's own ring")
    typed = place.launch("python", str(EXAMPLES / "mlx_all_sum.py"))
    return _every_rank(place, _succeed(stream(place.argv(typed), typed=typed, deadline=120), typed))


def kill_a_rank(place: Place) -> Killed:
    """SIGKILL for one rank in the middle of a run: what a user sees then."""
    heading("One rank is killed in the middle of a run")
    victim = len(place.hosts) // 2
    processes: dict[int, tuple[str, int]] = {}
    killed_at: list[float] = []

    def watch(line: str) -> None:
        if match := RANK_AND_PID.search(line):
            processes.setdefault(int(match["rank"]), (match["host"], int(match["pid"])))
        elif SUMS.search(line) and victim in processes and not killed_at:
            killed_at.append(time.monotonic())
            place.kill(*processes[victim])
            note(f"(the demo has sent SIGKILL to rank {victim})")

    typed = place.launch("python", str(EXAMPLES / "slow_sum.py"), "--seconds", "60")
    done = stream(place.argv(typed), typed=typed, deadline=90, on_line=watch)
    if not killed_at:
        raise DemoError(f"rank {victim} never said its process id")
    seconds = time.monotonic() - killed_at[0]
    report = next((line for line in done.lines if "SIGKILL" in line and f"rank {victim}" in line), "")
    note(f"exit status {done.code}, {seconds:.2f} s after the kill")
    if done.code != 137 or not report:
        raise DemoError(f"a killed rank should give 137 and a line that names it; got {done.code} and {report!r}")
    return Killed(done.code, seconds, report)


def _succeed(done: Finished, typed: list[str]) -> Finished:
    if done.code:
        raise DemoError(f"{' '.join(typed)} exited {done.code}")
    return done


def _every_rank(place: Place, done: Finished) -> Summed:
    """Reads ``rank R on HOST: ... ok`` of every rank."""
    hosts = {}
    for line in done.lines:
        match = re.search(r"rank (\d+) on (\S+): .*\bok$", line)
        if match:
            hosts[int(match[1])] = match[2]
    if sorted(hosts) != list(range(len(place.hosts))):
        raise DemoError(f"ranks {sorted(hosts)} reported a right sum, {len(place.hosts)} were expected")
    return Summed(hosts, done.lines)
