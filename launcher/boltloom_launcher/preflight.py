# SPDX-License-Identifier: Apache-2.0
"""What several hosts must have in common before ranks run on them: what is asked, and what follows from the answers.

Each problem is the end of a sentence that begins with the name of its host.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from boltloom_launcher.agent.messages import Attempt, Connect, Connected, Endpoint, Inspect, Inspected
from boltloom_launcher.agent.named_tuple import NamedTuple
from boltloom_launcher.backends import Plan
from boltloom_launcher.data_paths import Way, ways
from boltloom_launcher.job import Request
from boltloom_launcher.policy.events import Compared

DISTRIBUTIONS = ("mlx", "torch", "boltloom")
_SHORT = 12  # digits of a digest that a person compares
_MOST_HOSTS = 4  # that are named in one line
_ANYWAY = "or start with --no-preflight"

Problem = tuple[int, str]


class Place(NamedTuple):
    """A host: what people call it, and which computer it is."""

    name: str
    machine: str


class Preflight:
    """The questions to each host, and the answers."""

    def __init__(self, request: Request, plan: Plan, places: Sequence[Place]) -> None:
        """``plan`` has its ports."""
        self._request, self._plan, self._places = request, plan, places
        self._ways = ways(plan, [place.machine for place in places])
        self._token = os.urandom(16).hex()
        self._answers: dict[int, Inspected] = {}

    def inspect_order(self, host: int) -> Inspect:
        """What is asked first."""
        listen = dict.fromkeys(Endpoint(way.address, way.port) for way in self._ways if way.target == host)
        return Inspect(list(DISTRIBUTIONS), list(listen), self._token, rdma="jaccl" in self._plan.backend)

    def connect_order(self, host: int) -> Connect:
        """What is asked when everybody listens."""
        return Connect([Endpoint(way.address, way.port) for way in self._ways_from(host)])

    def heard(self, host: int, news: Inspected | Connected) -> tuple[str, ...]:
        """Take an answer; the problems that follow from it alone."""
        if isinstance(news, Inspected):
            self._answers[host] = news
            return ()
        attempts = {(each.address, each.port): each for each in news.attempts}
        python = self._answers[host].python
        found = []
        for way in self._ways_from(host):
            attempt = attempts.get((way.address, way.port))
            if attempt is None:
                found.append(f"could not try its connections to other hosts: try again, {_ANYWAY}")
            elif attempt.why:
                found.append(self._unreached(way, attempt, python))
        return tuple(dict.fromkeys(found))

    def _ways_from(self, host: int) -> list[Way]:
        return [way for way in self._ways if way.source == host and not self._answers[way.target].deaf]

    def _unreached(self, way: Way, attempt: Attempt, python: str) -> str:
        far = self._places[way.target].name
        cable = dict(self._request.cables).get(way.address, "")
        over = f" over the cable {cable}" if cable else ""
        source = f" from {attempt.source}" if attempt.source else ""
        who = f"{python} cannot" if python else "cannot"
        what = f"{who} connect{source} to {far} at {way.address}{over} ({attempt.why})"
        if attempt.others_may:
            remedy = "allow it in System Settings, Privacy & Security, Local Network on this Mac"
        elif cable:
            remedy = f"plug the cable in at both ends, or run boltloom.cluster.configure, {_ANYWAY}"
        else:
            remedy = f"see that the two are on one network and no firewall of {far} is in the way, {_ANYWAY}"
        return f"{what}: {remedy}"

    def facts(self) -> list[str]:
        """What each host has answered, for whoever wants to know."""
        return [f"{self._places[host].name}: {_shown(each)}" for host, each in sorted(self._answers.items())]

    def compared(self) -> Compared:
        """All hosts side by side."""
        names = [place.name for place in self._places]
        warnings = [line for host, each in sorted(self._answers.items()) for line in _unasked(names[host], each)]
        scripts = scripts_differ(names, self._answers) if self._request.checked else []
        versions, differing = versions_differ(names, self._answers)
        unread, maybe = unread_addresses(self._plan, names, self._answers)
        return Compared((*scripts, *versions, *unread, *self._rdma(names)), (*warnings, *differing, *maybe))

    def _rdma(self, names: Sequence[str]) -> list[Problem]:
        if "jaccl" not in self._plan.backend:
            return []
        from boltloom_launcher.rdma_ready import rdma_problems  # parsers that the other backends can do without

        return rdma_problems(self._plan, names, self._answers)


def _shown(answer: Inspected) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in answer.versions.items())
    python = f"{answer.python} ({versions or 'no library that we know'})" if answer.python else "no program of Python's"
    return python + (f", {answer.script} is {answer.digest[:_SHORT]}" if answer.digest else "")


def _unasked(name: str, answer: Inspected) -> list[str]:
    lines = []
    if answer.problem:
        why = answer.problem
        lines.append(f"{name}: the versions of {answer.python} could not be read ({why}), so they are not compared")
    if answer.deaf:
        lines.append(f"{name}: {answer.deaf}, so connections to it are not tried")
    return lines


def scripts_differ(names: Sequence[str], answers: Mapping[int, Inspected]) -> list[Problem]:
    """A script that was changed on one host only is wrong on the others."""
    having = {host: each for host, each in sorted(answers.items()) if each.digest}
    if not having:
        return []
    first, wanted = next(iter(having.items()))
    return [
        (host, f"{each.script} is not the same as on {names[first]}: copy it to all hosts, or give --no-verify-script")
        for host, each in having.items()
        if each.digest != wanted.digest
    ]


def versions_differ(names: Sequence[str], answers: Mapping[int, Inspected]) -> tuple[list[Problem], list[str]]:
    """Problems where the program imports from the library, as far as it says; else only a warning."""
    asked = {host: each for host, each in sorted(answers.items()) if each.python and not each.problem}
    problems: list[Problem] = []
    warnings: list[str] = []
    for name in DISTRIBUTIONS:
        having = {host: each.versions[name] for host, each in asked.items() if name in each.versions}
        lacking = [host for host in asked if host not in having]
        named = any(name in each.libraries for each in asked.values())
        if not having:
            continue
        if named and lacking:
            elsewhere = _listed({names[host]: version for host, version in having.items()})
            problems += [
                (host, f"{asked[host].python} has no {name} ({elsewhere}): install it there, {_ANYWAY}")
                for host in lacking
            ]
        if len(set(having.values())) > 1:
            all_of_them = _listed({names[host]: version for host, version in having.items()})
            if named:
                odd = next(host for host, version in having.items() if version != next(iter(having.values())))
                remedy = f"install one version everywhere, {_ANYWAY}"
                problems.append((odd, f"{name} is another version than elsewhere ({all_of_them}): {remedy}"))
            else:
                warnings.append(f"the hosts have different versions of {name}: {all_of_them}")
    return problems, warnings


def _listed(by_host: Mapping[str, str]) -> str:
    words = [f"{version} on {host}" for host, version in by_host.items()]
    more = len(words) - _MOST_HOSTS
    return ", ".join(words[:_MOST_HOSTS]) + (f" and {more} more" if more > 0 else "")


def unread_addresses(
    plan: Plan, names: Sequence[str], answers: Mapping[int, Inspected]
) -> tuple[list[Problem], list[str]]:
    """MLX reads no IPv6 address: a problem where the program imports from it, a warning where it may do so later."""
    found: dict[int, str] = {}
    for seat, host in zip(plan.seats, plan.hosts, strict=True):
        listening = host.ips if plan.backend == "ring" else host.ips[:1] if seat.rank == 0 else ()
        found.update((seat.host, ip) for ip in listening if ":" in ip)
    libraries = {name for each in answers.values() for name in each.libraries}
    installed = any("mlx" in each.versions for each in answers.values())
    if not installed or (libraries and "mlx" not in libraries):
        return [], []
    words = "{} is an IPv6 address, and MLX reads IPv4 only: give its IPv4 address to --hosts, or a hostfile"
    if "mlx" in libraries and "boltloom" not in libraries:
        return [(host, f"{words.format(ip)}, {_ANYWAY}") for host, ip in found.items()], []
    return [], [f"{names[host]}: {words.format(ip)}" for host, ip in found.items()]
