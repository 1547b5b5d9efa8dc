# SPDX-License-Identifier: Apache-2.0
"""Variants of a recording: damaged as copies are damaged, and forged as somebody would who means harm.

Text stays text, a JSON value stays a value, and what was JSON text is changed as either. Everything follows from
the ``random.Random`` that is passed in, so a seed and a number name a variant.
"""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable
from typing import Any

NUMBERS = ("0", "-1", "²", "٣", "९", "1_0", " 7", "1e999", "0x1f", "1.5", "00002", "4294967296", "9" * 5000, "")
ADDRESSES = (
    "255.0.255.0", "0.0.0.255", "256.1.1.1", "1.2.3", "1.2.3.4.5", "010.0.0.1", "fe80::1%en2", "::", "10.0.0.1/33",
    "10.0.0.1/255.0.255.0", "0xff00ff00", "0xffffffffff", "(null)", "none", "١.٢.٣.٤", "169.254.1.1", "0.0.0.0",
)  # fmt: skip
CHARACTERS = "\0\t\n\v\f\r\x1b\x7f\x85\u2028\u2029\u200b\u202e\ufeff\ufffd\ud800\udcff\"'\\{}[](),:=*<>&% -"
PHRASES = (
    "** Error: The parameters were not valid.",
    " is not a recognized network service.",
    "Unable to access the System Configuration database",
    "(2) Ethernet", "(*) Ethernet", "(Hardware Port: Thunderbolt 2, Device: en0)", "Hardware Port: Thunderbolt 2",
    "Device: en0", "DHCP Configuration", "IP address: 10.0.0.1", "bridge0: flags=8863<UP> mtu 1500", "\tmember: en0",
    "\tstatus: active", "\tinet 10.0.0.1 netmask 0xffffff00", "Destination Gateway Flags Netif", "default",
    "Internet6:",
    "ProductVersion:", "BuildVersion: 25D125", "hca_id: rdma_en2", "No IB devices found", "GID[ 1]: ::ffff:10.0.0.1",
    "<date>x</date>", "<!ENTITY a 'b'>", "</dict>", "null", "NaN", "Infinity", "a\nb", "\r\n", "\u2028x", "‮",
)  # fmt: skip
VALUES: tuple[Callable[[], Any], ...] = (
    lambda: None, lambda: True, lambda: False, lambda: 0, lambda: -1, lambda: 1.5, lambda: float("inf"),
    lambda: float("nan"), lambda: 10**4999, lambda: 2**63, lambda: "", lambda: [], dict, lambda: [None],
    lambda: {"": None},
    lambda: "x" * 5000, lambda: _nested(90), lambda: _nested(30_000), lambda: [[]] * 50,
)  # fmt: skip


def text_variant(rng: random.Random, text: str, others: list[str]) -> str:
    """The text with one to four things changed; parts of ``others`` may turn up in it."""
    for _ in range(rng.choice((1, 1, 1, 2, 2, 4))):
        text = rng.choice(_TEXT_CHANGES)(rng, text, others)
    return text


def bytes_variant(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:
    """Bytes changed as bytes, or as the text that they are."""
    if rng.random() < 0.5 and not data.startswith(b"bplist"):
        texts = [other.decode("utf-8", "replace") for other in others]
        return text_variant(rng, data.decode("utf-8", "replace"), texts).encode("utf-8", "surrogatepass")
    for _ in range(rng.choice((1, 1, 2, 8))):
        at = rng.randrange(len(data) + 1)
        change = rng.randrange(4)
        if change == 0:
            data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
        elif change == 1:
            data = data[:at] + data[at + rng.randrange(1, 9) :]
        elif change == 2:
            data = data[:at] + bytes(rng.randrange(256) for _ in range(rng.randrange(1, 9))) + data[at:]
        else:
            data = data[:at]
    return data


def value_variant(rng: random.Random, value: Any) -> Any:
    """The JSON value with one to three of its parts exchanged, dropped, doubled or renamed."""
    value = copy.deepcopy(value)
    for _ in range(rng.choice((1, 1, 2, 3))):
        parents = [item for item in _containers(value) if item]
        if not parents:
            return rng.choice(VALUES)()
        _change_part(rng, rng.choice(parents))
    return value


def json_variant(rng: random.Random, text: str, others: list[str]) -> str:
    """JSON text with a changed value, a doubled key, or changed as any text."""
    if rng.random() < 0.4:
        return text_variant(rng, text, others)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):  # a capture that is a fragment, or what an earlier change left
        return text_variant(rng, text, others)
    try:
        changed = json.dumps(value_variant(rng, value), ensure_ascii=rng.random() < 0.5, skipkeys=True)
    except (RecursionError, ValueError):  # Python cannot write it, so it is written by hand
        changed = rng.choice(("[" * 100_000, '{"a":' * 50_000, '[{"a":' * 30_000, "9" * 5000, "[" + "9" * 5000 + "]"))
    if rng.random() < 0.1:
        changed = re.sub(r'("[^"]*": )([^,{}\[\]]*)([,}])', r"\1\2, \1null\3", changed, count=1)
    return changed


def raw_variant(rng: random.Random, raw: dict[str, Any]) -> dict[str, Any]:
    """A whole host's outputs with one or two of them changed, emptied, lost or exchanged."""
    raw = dict(raw)
    for _ in range(rng.choice((1, 1, 2))):
        key = rng.choice(sorted(raw))
        change = rng.random()
        others = [value for value in raw.values() if isinstance(value, str)]
        if change < 0.05:
            del raw[key]
        elif change < 0.1:
            raw[key] = rng.choice(["", "\n", "\0", *others])
        elif isinstance(raw[key], bytes):
            raw[key] = bytes_variant(rng, raw[key], [])
        elif raw[key].lstrip()[:1] in ("{", "["):
            raw[key] = json_variant(rng, raw[key], others)
        else:
            raw[key] = text_variant(rng, raw[key], others)
        if not raw:
            break
    return raw


def _nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def _containers(value: Any) -> list[Any]:
    """Every list and dictionary in it, without recursion: it may be nested deeper than Python calls."""
    found: list[Any] = []
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, (dict, list)):
            found.append(item)
            waiting.extend(item.values() if isinstance(item, dict) else item)
    return found


def _change_part(rng: random.Random, parent: Any) -> None:
    key = rng.choice(list(parent) if isinstance(parent, dict) else range(len(parent)))
    change = rng.randrange(6)
    if change == 0:
        del parent[key]
    elif change == 1 and isinstance(parent, list):
        parent.insert(rng.randrange(len(parent) + 1), parent[key])
    elif change == 1:
        parent[rng.choice(("schema", "hosts", "_items", "", str(key) + "s"))] = parent.pop(key)
    elif change == 2 and isinstance(parent[key], str):
        parent[key] = text_variant(rng, parent[key], [])
    elif change == 3:
        parent[key] = rng.choice((*NUMBERS, *ADDRESSES, *PHRASES))
    elif change == 4:
        parent[key] = {"a": parent[key]} if rng.random() < 0.5 else [parent[key]]
    else:
        parent[key] = rng.choice(VALUES)()


def _lines(rng: random.Random, text: str, others: list[str]) -> str:
    lines = text.split("\n")
    at = rng.randrange(len(lines))
    change = rng.randrange(6)
    if change == 0:
        del lines[at]
    elif change == 1:
        lines.insert(rng.randrange(len(lines) + 1), lines[at])
    elif change == 2:
        other = rng.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    elif change == 3:
        lines[at:] = []
    elif change == 4:
        lines[at] = lines[at].strip() if rng.random() < 0.5 else lines[at] + "  "
    else:
        source = rng.choice(others or [text]).split("\n")
        begin = rng.randrange(len(source))
        lines[at:at] = source[begin : begin + rng.randrange(1, 6)]
    return "\n".join(lines)


def _characters(rng: random.Random, text: str, others: list[str]) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(("", rng.choice(CHARACTERS))) + text[at + rng.randrange(2) :]


def _phrases(rng: random.Random, text: str, others: list[str]) -> str:
    at = rng.randrange(len(text) + 1)
    if rng.random() < 0.5:
        at = text.rfind("\n", 0, at) + 1
    return text[:at] + rng.choice(PHRASES) + rng.choice(("", "\n")) + text[at:]


def _numbers(rng: random.Random, text: str, others: list[str]) -> str:
    found = list(re.finditer(r"[0-9]+", text))
    return _exchange(rng.choice(found), rng.choice(NUMBERS), text) if found else text


def _addresses(rng: random.Random, text: str, others: list[str]) -> str:
    found = list(re.finditer(r"[0-9]+(\.[0-9]+){3}|0x[0-9a-f]{8}", text))
    return _exchange(rng.choice(found), rng.choice(ADDRESSES), text) if found else text


def _words(rng: random.Random, text: str, others: list[str]) -> str:
    found = list(re.finditer(r"[^\s:,()]+", text))
    return _exchange(rng.choice(found), rng.choice(found).group(), text) if found else text


def _whole(rng: random.Random, text: str, others: list[str]) -> str:
    change = rng.randrange(5)
    if change == 0:
        return "\ufeff" + text
    if change == 1:
        return text.replace("\n", "\r\n")
    if change == 2:
        return text + text
    if change == 3:
        return text.replace("\t", " ").replace("\n\n", "\n")
    at = rng.randrange(len(text) + 1)
    return text[:at] + text[max(0, at - 8) : at] * rng.randrange(1, 200) + text[at:]


def _exchange(match: re.Match[str], by: str, text: str) -> str:
    return text[: match.start()] + by + text[match.end() :]


_TEXT_CHANGES = (_lines, _lines, _characters, _characters, _phrases, _numbers, _numbers, _addresses, _words, _whole)
