# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The fabric for people: the cables as a picture in text, the plan as a table. At most 100 columns."""

from __future__ import annotations

from typing import List, Sequence, Tuple

from .model import End, FabricPlan, Link

WIDTH = 100

_NAME_WIDTH = 24


def cables_picture(plan: FabricPlan) -> str:
    """Which host is joined to which, through which receptacle and interface, how fast, on which rail.

    Every cable stands at both of its hosts, so that a person in front of one host can compare it with its ports.
    """
    lines = [_heading(plan), ""]
    lines.extend(_wrapped(plan.order, closed=plan.shape in ("mesh", "ring")))
    for host in plan.order:
        lines.extend(["", "  " + _short(host)])
        lines.extend(_host_lines(plan, host))
    return "\n".join(lines)


def plan_table(plan: FabricPlan) -> str:
    """One line per link: hosts, ports, network, addresses, speed."""
    rows: List[Tuple[str, ...]] = [
        ("link", "host", "port", "addr", "", "host", "port", "addr", "network", "speed", "rail")
    ]
    for number, link in enumerate(plan.links, start=1):
        left, right = _cells(link.a), _cells(link.b)
        rows.append((str(number), *left, "──", *right, link.network, _speed(link), str(link.rail)))
    if not plan.links:
        return "no links: the hosts talk over the management network"
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def _heading(plan: FabricPlan) -> str:
    count = len(plan.links)
    hosts = "{0} host{1}".format(len(plan.order), "" if len(plan.order) == 1 else "s")
    cables = "{0} cable{1}".format(count or "no", "" if count == 1 else "s")
    kinds = {"mesh": "a full mesh", "ring": "a ring", "pair": "a pair", "partial": "neither a mesh nor a ring"}
    shape = ": " + kinds[plan.shape] if plan.shape in kinds else ""
    return "{0}, {1}{2}".format(hosts, cables, shape)


def _wrapped(order: Sequence[str], closed: bool) -> List[str]:
    """The hosts in rank order, one joined to the next, over as many lines as it takes."""
    lines: List[str] = []
    line = "  ranks"
    joint = " ══ " if closed else ", "
    for rank, host in enumerate(order):
        piece = "{0} {1}".format(rank, _short(host))
        glue = joint if rank else "  "
        if len(line) + len(glue) + len(piece) > WIDTH:
            lines.append(line + glue.rstrip())
            line, glue = "       ", "  "
        line += glue + piece
    return [*lines, line + (" ══ back to 0" if closed else "")]


def _host_lines(plan: FabricPlan, host: str) -> List[str]:
    mine = sorted((link for link in plan.links if host in link.hosts), key=lambda link: link.end(host).receptacle)
    several = {link.hosts for link in plan.links if link.rail > 0}
    rows = []
    for link in mine:
        rail = "  rail {0}".format(link.rail) if link.hosts in several else ""
        rows.append((_port(link.end(host)), _speed(link), _far_end(link, host) + rail))
    near, speed = (max((len(row[column]) for row in rows), default=0) for column in (0, 1))
    lines = ["{0} ══ {1} ══ {2}".format(row[0].ljust(near), row[1].rjust(speed), row[2]) for row in rows]
    if not rows:
        lines.append("no cable to another host")
    elif _meant_as_mesh(plan):
        lines.extend("no cable to {0}".format(_short(other)) for other in _missing_at(plan, host))
    joints = ["├─"] * (len(lines) - 1) + ["└─"]
    return ["   {0} {1}".format(joint, line) for joint, line in zip(joints, lines)]


def _meant_as_mesh(plan: FabricPlan) -> bool:
    """Some host has cables to more than two others: then a cable that is not there is worth a word."""
    return any(len({link.other(host).host for link in plan.links if host in link.hosts}) > 2 for host in plan.order)


def _missing_at(plan: FabricPlan, host: str) -> List[str]:
    return [two if one == host else one for one, two in plan.missing if host in (one, two)]


def _far_end(link: Link, host: str) -> str:
    other = link.other(host)
    return "{0}, {1}".format(_short(other.host), _port(other))


def _port(end: End) -> str:
    return "Thunderbolt {0} ({1})".format(end.receptacle, end.device)


def _cells(end: End) -> Tuple[str, str, str]:
    """Host, port, and the last part of the address: the rest of it stands in the network."""
    last = ".{0}".format(end.address.rpartition(".")[2]) if end.address else ""
    return (_short(end.host, 14), "{0} {1}".format(end.receptacle, _short(end.device, 12)), last)


def _speed(link: Link) -> str:
    return "{0} Gb/s".format(link.speed_gbps) if link.speed_gbps else "? Gb/s"


def _short(name: str, width: int = _NAME_WIDTH) -> str:
    return name if len(name) <= width else name[: width - 1] + "…"
