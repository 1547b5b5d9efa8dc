# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""What both ends of every link found, as one statement per link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, FrozenSet, List, Mapping, Sequence, Tuple

from .errors import ParseError
from .shown import end as end_words

SLOW_GBPS = 1.0  # a healthy cable carries ten times as much even when both hosts are busy

View = Mapping[str, Any]  # what ``link_check`` returns of one link, seen from one end
Key = FrozenSet[Tuple[str, str]]  # both ends as (host, address)


@dataclass(frozen=True)
class LinkReport:
    """What there is to say of all links, each by its name."""

    lines: Tuple[str, ...]  # one per link, in order of the hosts
    dead: Tuple[str, ...]  # those that do not work
    slow: Tuple[str, ...]  # those that work, and carry far less than a cable does
    remarks: Tuple[str, ...]  # what kept a link that works from being measured


def report_links(seen: Mapping[str, Sequence[View]], lost: Mapping[Key, str]) -> LinkReport:
    """Join the views of both ends.

    :param seen: host -> its links as ``link_check`` returned them.
    :param lost: links of which the facts tell what became of their cable; that says more than "no answer".
    :raises ParseError: a view is none.
    """
    links: Dict[Key, List[Tuple[str, View]]] = {}
    for host in seen:
        for view in seen[host]:
            links.setdefault(_key(host, view), []).append((host, view))
    lines: List[str] = []
    dead: List[str] = []
    slow: List[str] = []
    remarks: List[str] = []
    for key, views in links.items():
        name = _name(*views[0])
        if not all(view["works"] for _host, view in views):
            words = lost.get(key) or "{0}: {1}".format(name, _problems(views))
            dead.append(words)
            lines.append("{0}: DOES NOT WORK".format(name))
            continue
        lines.append("{0}: {1}".format(name, _rates(views)))
        slow.extend("{0} carries {1}".format(name, words) for words in _slow(views))
        remarks.extend("{0}: {1}".format(_name(host, view), view["problem"]) for host, view in views if view["problem"])
    dead.extend(words for key, words in lost.items() if key not in links)
    return LinkReport(tuple(lines), tuple(dead), tuple(slow), tuple(remarks))


def _key(host: str, view: View) -> Key:
    try:
        return frozenset(((host, view["address"]), (view["peer"], view["peer_address"])))
    except (KeyError, TypeError) as error:
        raise ParseError(
            "{0}: the result of link_check has no {1}".format(host, error), "use the same version everywhere"
        ) from error


def _name(host: str, view: View) -> str:
    here = end_words(host, view["receptacle"], view["device"])
    return "{0} to {1}".format(here, end_words(view["peer"], view["peer_receptacle"], view["peer_device"]))


def _problems(views: Sequence[Tuple[str, View]]) -> str:
    """What each end that failed says; an end that is content says nothing."""
    (_first, view), others = views[0], views[1:]
    parts = [] if view["works"] else [view["problem"]]
    parts.extend("seen from {0}: {1}".format(host, other["problem"]) for host, other in others if not other["works"])
    return "; ".join(parts)


def _rates(views: Sequence[Tuple[str, View]]) -> str:
    """Latency, and what went in either direction if it was measured."""
    parts = ["{0:.2f} ms".format(min(view["milliseconds"] for _host, view in views))]
    parts.extend("{0:.1f} Gb/s to {1}".format(rate, host) for host, rate in _directions(views))
    return ", ".join(parts)


def _directions(views: Sequence[Tuple[str, View]]) -> List[Tuple[str, float]]:
    """(host that received, Gb/s) as far as measured."""
    return [
        (receiver, rate)
        for host, view in views
        for receiver, rate in ((view["peer"], view["send_gbps"]), (host, view["receive_gbps"]))
        if rate > 0
    ]


def _slow(views: Sequence[Tuple[str, View]]) -> List[str]:
    speed = max(view["speed_gbps"] for _host, view in views)
    planned = ", where {0} Gb/s were negotiated".format(speed) if speed else ""
    return [
        "{0:.2f} Gb/s to {1}{2}: plug it in anew at both ends, or try another cable".format(rate, host, planned)
        for host, rate in _directions(views)
        if rate < SLOW_GBPS
    ]
