# SPDX-License-Identifier: Apache-2.0
"""Lists of hosts as people write them: the value of --hosts, and the text hostfiles of other launchers.

A host is a name, an address (IPv6 with or without brackets), ``user@host``, ``ssh://user@host:port``, or a range as in
``studio-[1-4]`` and ``studio-[01-12,20]``; ``host:2`` takes two ranks.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.hostfile import Host, Hostfile

from boltloom_launcher.agent.named_tuple import NamedTuple
from boltloom_launcher.errors import HostfileError, UsageError
from boltloom_launcher.hosts import as_address

_MOST_HOSTS = 4096  # of a range; more is a slip
MOST_SLOTS = 4096
_RANGE = re.compile(r"\[([0-9]+(?:-[0-9]+)?(?:,[0-9]+(?:-[0-9]+)?)*)\]", re.ASCII)
_SLOTS = re.compile(r"(.*[^:]):([0-9]+)", re.ASCII)
_FIRST_WORD = re.compile(
    r"(?!(?:true|false|null)\b)(?:\[[0-9A-Fa-f]*:[0-9A-Fa-f:.]*\]|[A-Za-z_][^\s{}\"]*|[0-9][0-9A-Za-z]*[.:A-Za-z_-][^\s{}\"]*)",
    re.ASCII,
)


class Named(NamedTuple):
    """A host of a list. ``slots`` is 0 where nothing is said of its ranks."""

    ssh: str
    slots: int = 0


def from_names(names: str, repeat: int) -> tuple[Host, ...]:
    """The hosts of --hosts, each as often as it says itself, else ``repeat`` times.

    :raises UsageError: a name is empty, given twice, would be an option, or has a range or number that is none.
    """
    named = [each for part in _parts(names) for each in _named(part)]
    given = Counter(each.ssh for each in named)
    twice = next((name for name, count in given.items() if count > 1), None)
    if twice is not None:
        raise UsageError(f"--hosts names {twice} more than once", "write it once and give -n for several ranks")
    return tuple(_host(each.ssh) for each in named for _ in range(each.slots or repeat))


def is_text(content: str) -> bool:
    """This is no JSON but a list of hosts, one a line, as mpirun and others read it."""
    lines = [line.strip() for line in content.split("\n")]
    first = next((line for line in lines if line and not line.startswith("#")), "")
    return bool(_FIRST_WORD.match(first))


def from_text(content: str, path: str) -> Hostfile:
    """A text hostfile: a host a line, with ``slots=N`` or ``:N`` for several ranks; ``#`` begins a remark.

    :raises HostfileError: with the line that is wrong.
    """
    hosts: list[Host] = []
    for number, line in enumerate(content.split("\n"), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        place = f"{path}: line {number}"
        try:
            named = list(_named(words[0]))
        except UsageError as error:
            raise HostfileError(f"{place}: {error.message.removeprefix('--hosts has ')}", error.hint) from None
        slots = _slots_of(words[1:], place)
        hosts += [_host(each.ssh) for each in named for _ in range(each.slots or slots or 1)]
    if not hosts:
        raise HostfileError(f"{path} has no hosts", "write a host a line")
    return Hostfile(tuple(hosts))


def _slots_of(words: list[str], place: str) -> int:
    """What ``slots=N`` says, 0 if it does not stand there."""
    slots = 0
    for word in words:
        key, _, value = word.partition("=")
        if key not in ("slots", "max_slots", "max-slots"):
            raise HostfileError(f"{place} has {word!r} in it, which is not known", "write HOST slots=N")
        number = _number(value, f"{place}: {key}")
        slots = number if key == "slots" else slots
    return slots


def _number(text: str, what: str) -> int:
    if not re.fullmatch("[0-9]{1,6}", text, re.ASCII) or not 1 <= int(text) <= MOST_SLOTS:
        raise HostfileError(f"{what} is {text[:20]!r}", f"write a number of ranks from 1 to {MOST_SLOTS}")
    return int(text)


def _parts(names: str) -> Iterator[str]:
    """Cut at commas, but not at those of a range."""
    start = depth = 0
    for i, character in enumerate(names):
        depth += (character == "[") - (character == "]")
        if character == "," and depth <= 0:
            yield names[start:i]
            start = i + 1
    yield names[start:]


def _named(text: str) -> Iterator[Named]:
    if not text or text.startswith("-") or any(c.isspace() or c in ";=" or not c.isprintable() for c in text):
        raise UsageError(f"--hosts has {text!r} in it, which is no host", "write names with commas between them")
    for name in _ranged(text):
        yield _one(name)


def _one(name: str) -> Named:
    if name.startswith("ssh://"):
        return Named(name)
    if as_address(name):
        return Named(name)
    slots = 0
    found = _SLOTS.fullmatch(name)
    if found and (":" not in found[1] or found[1].endswith("]")):
        name, slots = found[1], int(found[2][:9])
        if not 1 <= slots <= MOST_SLOTS:
            raise UsageError(f"--hosts gives {name} {found[2][:20]} ranks", f"write a number from 1 to {MOST_SLOTS}")
    user, at, host = name.rpartition("@")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not bare or bare != host and as_address(bare) is None or any(c in "[]" for c in bare):
        raise UsageError(f"--hosts has {name!r} in it, which is no host", "write a range as in studio-[1-4]")
    return Named(user + at + bare, slots)


def _ranged(text: str) -> list[str]:
    """Every name that a range stands for."""
    names = [""]
    place = 0
    for found in _RANGE.finditer(text):
        numbers = [number for part in found[1].split(",") for number in _numbers(part, text)]
        if len(names) * len(numbers) > _MOST_HOSTS:
            raise UsageError(f"--hosts has {text!r} in it, more than {_MOST_HOSTS} hosts", "write a smaller range")
        names = [name + text[place : found.start()] + number for name in names for number in numbers]
        place = found.end()
    return [name + text[place:] for name in names]


def _numbers(part: str, text: str) -> list[str]:
    """ "08-10" is 08, 09, 10."""
    first, _, last = part.partition("-")
    last = last or first
    if len(first) > 9 or len(last) > 9 or int(last) < int(first) or int(last) - int(first) >= _MOST_HOSTS:
        raise UsageError(f"--hosts has {text[:60]!r} in it, whose range is none", "write it as in studio-[1-4]")
    width = len(first) if first.startswith("0") else 0
    return [str(number).zfill(width) for number in range(int(first), int(last) + 1)]


def _host(ssh: str) -> Host:
    return Host(ssh=ssh, ips=(ssh,) if as_address(ssh) else ())
