# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The fabric for people: the cables as a picture in text, the plan as a table. At most 100 columns.

Below 16 hosts every cable has a line at both of its hosts. From 16 hosts on the picture is grouped: a host has one
paragraph of at most three lines with its cables as "receptacle ══ host receptacle", the speed that most cables have
is said once at the top and only others stand at their cables, and what does not fit is counted. From 65 hosts on a
host has one line. The table stops after 256 links. The plan itself is always whole.
"""

from __future__ import annotations

from collections import Counter
from typing import Dict, List, Mapping, Sequence, Tuple

from .model import End, FabricPlan, Link
from .words import counted, shortened

WIDTH = 100

_NAME_WIDTH = 24
_GROUPED_FROM = 16
_ONE_LINE_FROM = 65
_LINES_OF_A_HOST = 3
_MOST_ROWS = 256

ByHost = Mapping[str, Sequence[Link]]  # the links of each host, by its receptacles


def cables_picture(plan: FabricPlan) -> str:
    """Which host is joined to which, through which receptacle and interface, how fast, on which rail.

    Every cable stands at both of its hosts, so that a person in front of one host can compare it with its ports.
    """
    lines = [_heading(plan), ""]
    lines.extend(_wrapped(plan.order, closed=plan.shape in ("mesh", "ring")))
    by_host = _by_host(plan)
    missing = _missing(plan, by_host)
    if len(plan.order) >= _GROUPED_FROM:
        return "\n".join([*lines, *_grouped(plan, by_host, missing)])
    several = {link.hosts for link in plan.links if link.rail > 0}
    for host in plan.order:
        lines.extend(["", "  " + _short(host)])
        lines.extend(_host_lines(host, by_host[host], several, missing.get(host, ())))
    return "\n".join(lines)


def plan_table(plan: FabricPlan) -> str:
    """One line per link: hosts, ports, network, addresses, speed."""
    if not plan.links:
        return "no links: the hosts talk over the management network"
    rows: List[Tuple[str, ...]] = [
        ("link", "host", "port", "addr", "", "host", "port", "addr", "network", "speed", "rail")
    ]
    for number, link in enumerate(plan.links[:_MOST_ROWS], start=1):
        left, right = _cells(link.a), _cells(link.b)
        rows.append((str(number), *left, "──", *right, link.network, _speed(link), str(link.rail)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    more = len(plan.links) - _MOST_ROWS
    return "\n".join(lines + (["and {0}".format(counted(more, "more link"))] if more > 0 else []))


def _by_host(plan: FabricPlan) -> ByHost:
    found: Dict[str, List[Link]] = {host: [] for host in plan.order}
    for link in plan.links:
        for host in link.hosts:
            found.setdefault(host, []).append(link)
    return {host: sorted(found[host], key=lambda link: link.end(host).receptacle) for host in found}


def _missing(plan: FabricPlan, by_host: ByHost) -> Mapping[str, Sequence[str]]:
    """Host -> those it lacks a cable to. Worth a word only where some host has cables to more than two others."""
    if all(len({link.hosts for link in links}) <= 2 for links in by_host.values()):
        return {}
    found: Dict[str, List[str]] = {}
    for one, other in plan.missing:
        found.setdefault(one, []).append(other)
        found.setdefault(other, []).append(one)
    return found


def _heading(plan: FabricPlan) -> str:
    cables = counted(len(plan.links), "cable") if plan.links else "no cables"
    kinds = {"mesh": "a full mesh", "ring": "a ring", "pair": "a pair", "partial": "neither a mesh nor a ring"}
    shape = ": " + kinds[plan.shape] if plan.shape in kinds else ""
    return "{0}, {1}{2}".format(counted(len(plan.order), "host"), cables, shape)


def _wrapped(order: Sequence[str], closed: bool) -> List[str]:
    """The hosts in rank order, one joined to the next, over as many lines as it takes."""
    pieces = ["{0} {1}".format(rank, _short(host)) for rank, host in enumerate(order)]
    lines = _filled("  ranks", pieces, " ══ " if closed else ", ")
    return [*lines[:-1], lines[-1] + (" ══ back to 0" if closed else "")]


def _filled(label: str, pieces: Sequence[str], joint: str) -> List[str]:
    """The pieces behind a label, broken into lines."""
    lines: List[str] = []
    line, glue = label, "  "
    for number, piece in enumerate(pieces):
        if number and len(line) + len(glue) + len(piece) > WIDTH - len(" ══ back to 0"):
            lines.append(line + glue.rstrip())
            line, glue = " " * len(label), "  "
        line += glue + piece
        glue = joint
    return [*lines, line]


def _host_lines(host: str, mine: Sequence[Link], several: "set[Tuple[str, str]]", missing: Sequence[str]) -> List[str]:
    rows = []
    for link in mine:
        rail = "  rail {0}".format(link.rail) if link.hosts in several else ""
        rows.append((_port(link.end(host)), _speed(link), _far_end(link, host) + rail))
    near, speed = (max((len(row[column]) for row in rows), default=0) for column in (0, 1))
    lines = ["{0} ══ {1} ══ {2}".format(row[0].ljust(near), row[1].rjust(speed), row[2]) for row in rows]
    lines = lines or ["no cable to another host"]
    lines.extend("no cable to {0}".format(_short(other)) for other in missing if mine)
    joints = ["├─"] * (len(lines) - 1) + ["└─"]
    return ["   {0} {1}".format(joint, line) for joint, line in zip(joints, lines)]


def _grouped(plan: FabricPlan, by_host: ByHost, missing: Mapping[str, Sequence[str]]) -> List[str]:
    """A paragraph for each host."""
    speeds = Counter(_speed(link) for link in plan.links)
    usual = max(speeds, key=lambda speed: (speeds[speed], speed), default="")
    most = 1 if len(plan.order) >= _ONE_LINE_FROM else _LINES_OF_A_HOST
    width = max(len(_short(host)) for host in plan.order)
    lines = ["", "  each host with its cables: receptacle ══ host receptacle{0}".format(_all_of(usual, speeds))]
    for host in plan.order:
        label = "  " + _short(host).ljust(width)
        pieces = [_piece(link, host, usual) for link in by_host[host]] or ["no cable to another host"]
        lines.extend(_cut(_filled(label, pieces, ", "), pieces, most))
        others = ["no cable to " + ", ".join(_short(other) for other in missing.get(host, ())[:3])]
        if missing.get(host) and by_host[host]:
            more = len(missing[host]) - 3
            lines.append(" " * len(label) + "  " + others[0] + (" and {0} more".format(more) if more > 0 else ""))
    return lines


def _all_of(usual: str, speeds: Mapping[str, int]) -> str:
    if not usual:
        return ""
    return "; {0}{1}".format(usual, " unless said otherwise" if len(speeds) > 1 else "")


def _piece(link: Link, host: str, usual: str) -> str:
    other = link.other(host)
    speed = "" if _speed(link) == usual else " ({0})".format(_speed(link))
    return "{0} ══ {1} {2}{3}".format(link.end(host).receptacle, _short(other.host), other.receptacle, speed)


def _cut(lines: Sequence[str], pieces: Sequence[str], most: int) -> List[str]:
    """The first lines; what they leave out is counted at the end of the last one."""
    kept = list(lines[:most])
    if len(lines) > most:
        shown = sum(line.count(" ══ ") for line in kept)
        kept[-1] = "{0} and {1} more".format(kept[-1].rstrip(","), len(pieces) - shown)
    return kept


def _far_end(link: Link, host: str) -> str:
    other = link.other(host)
    return "{0}, {1}".format(_short(other.host), _port(other))


def _port(end: End) -> str:
    return "Thunderbolt {0} ({1})".format(end.receptacle, _short(end.device))


def _cells(end: End) -> Tuple[str, str, str]:
    """Host, port, and the last part of the address: the rest of it stands in the network."""
    last = ".{0}".format(end.address.rpartition(".")[2]) if end.address else ""
    return (_short(end.host, 14), "{0} {1}".format(end.receptacle, _short(end.device, 12)), last)


def _speed(link: Link) -> str:
    return "{0} Gb/s".format(link.speed_gbps) if link.speed_gbps else "? Gb/s"


def _short(name: str, width: int = _NAME_WIDTH) -> str:
    return shortened(name, width)
