# SPDX-License-Identifier: Apache-2.0
"""Why a connection ended: what ssh, a login shell or an agent left behind, in words."""

from __future__ import annotations

import re

from boltloom_launcher.agent.named_tuple import NamedTuple
from boltloom_launcher.bootstrap import NO_PYTHON, tried_pythons
from boltloom_launcher.hosts import Reach

_SSH_FAILED = 255
_MOST_LETTERS, _FEWEST_LETTERS = 300, 4
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_BEFORE_KEYS = "kex_exchange_identification"  # sshd was there, and closed without a word: too many are waiting
_RESETS = (_BEFORE_KEYS, "Connection reset by", "Connection closed by", "closed by remote host")
_RESET_TRIES = 3  # of those that came further; they may have been shown the door for a reason
# What ssh says when another try would end like this one.
_REASONS = (
    *("Permission denied", "verification failed", "stdio forwarding failed", "refused", "timed out", "No route"),
    *("Could not resolve", "unreachable", "Too many authentication failures"),
)
# What the ssh behind a jump host adds when the jump has failed; the reason stands before it.
_ECHOES = ("Connection closed by UNKNOWN", f"{_BEFORE_KEYS}: ", "stdio forwarding failed", "Disconnected from")


class Lost(NamedTuple):
    """How far a connection had come."""

    status: int | None  # of ssh, or of a local agent
    asked: bool  # the far side had asked for the agent
    spoke: bool  # and the agent had greeted us
    before: bytes  # what came on stdout before that
    words: bytes  # what came on stderr
    tries: int = 1


def turned_away(lost: Lost) -> bool:
    """The sshd had no room for us; it may have later."""
    words = lost.words.decode(errors="replace")
    if lost.asked or lost.status != _SSH_FAILED or any(reason in words for reason in _REASONS):
        return False
    return _BEFORE_KEYS in words or lost.tries < _RESET_TRIES and any(reset in words for reset in _RESETS)


def why_lost(reach: Reach, lost: Lost) -> str:
    """The line for a person."""
    name, words = reach.name, _last_words(lost.words)
    if lost.spoke:
        return f"the connection to {name} was lost{f' ({words})' if words else ''}"
    if not reach.local and not lost.asked:
        return _not_reached(reach, lost, words)
    return f"the agent did not start on {name} (status {lost.status}{f': {words}' if words else ''})"


def _not_reached(reach: Reach, lost: Lost, words: str) -> str:
    name = reach.name
    if lost.status == NO_PYTHON:
        tried = tried_pythons(reach.pythons)
        return f"Python not found on host {name} (tried {tried}): install Python 3.8 or newer there, or give --python"
    if lost.status == _SSH_FAILED:
        remedy = f"check that {reach.typed} works without a question"
        if turned_away(lost._replace(tries=1)) and lost.tries > 1:
            words = f"{words}; {lost.tries} tries"
            remedy += ", and that its sshd takes so many connections at once (MaxStartups)"
        return f"cannot reach {name} by ssh ({words or 'it said nothing'}): {remedy}"
    words = words or _last_words(lost.before)
    return (
        f"the login shell on {name} ended (status {lost.status}{f': {words}' if words else ''}) and has not run our "
        f"command: see that {reach.typed} true works; a start-up file there may exit, or run another shell, only "
        "where the shell is interactive"
    )


def _last_words(said: bytes) -> str:
    lines = [_readable(line) for line in said.decode(errors="replace").splitlines()]
    lines = [line for line in lines if line]
    own = [line for line in lines if not line.startswith(_ECHOES)]
    return next(iter(reversed(own or lines)), "").rstrip(".")


def _readable(line: str) -> str:
    """The words of a line, "" for what no terminal should get, such as the bytes of a file that somebody printed."""
    text = _COLOUR.sub("", line).replace("\t", " ").strip()
    garbage = "\N{REPLACEMENT CHARACTER}" in text or not text.isprintable()
    return "" if garbage or len(text) < _FEWEST_LETTERS else text[:_MOST_LETTERS]
