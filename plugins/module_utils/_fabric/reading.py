# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Lines, numbers, addresses and JSON that somebody else wrote.

Python's own readers take more than a host means (``int`` takes "²" or Arabic digits, ``splitlines`` ends a line at
U+2028, ``ip_network`` takes a host mask) and fail in more ways than a caller expects. Here each of them either gives a
plain value or says no.
"""

from __future__ import annotations

import ipaddress
import json
import math
import re
from typing import Any, Dict, List, Mapping, Optional, Tuple

from .errors import ParseError

MOST_DIGITS = 18  # what 64 bits surely hold
MOST_JSON_DIGITS = 300  # Python 3.11 reads 4300, older ones take quadratic time; who needs few says so himself
DEEPEST = 64  # levels of JSON: a Thunderbolt chain has six, a plan five

_DIGITS = re.compile(r"[0-9]+")
_DOTTED = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_DEVICE = re.compile(r"[0-9A-Za-z_][!-.0-~]{0,31}")  # no blank, no slash, and no option of a command
_IDENTITY = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:/-]{0,79}")
_MAC = re.compile(r"[0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5,19}")
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")


def lines(text: str) -> List[str]:
    """The lines of a command's output. Only a line feed ends one: all other separators may be part of a name."""
    text = whole_characters(text)
    if text.startswith("\ufeff"):
        text = text[1:]
    if "\r" in text and text.count("\r\n") == text.count("\n"):  # every line: so it was the copy, not the host
        text = text.replace("\r\n", "\n")
    return text.split("\n")


def whole_characters(text: str) -> str:
    """The text without halves of characters, which nothing can write out again."""
    return _HALF_CHARACTER.sub("\ufffd", text)


def shown(value: Any, most: int = 60) -> str:
    """A value for an error message: printable, on one line, and not long whatever it is."""
    if isinstance(value, str):
        text = repr(str(value[:most]))
        return text if len(value) <= most and len(text) <= most + 2 else text[:most] + "..."
    if isinstance(value, int) and not isinstance(value, bool):
        return (
            str(int(value)) if abs(value) < 10**MOST_DIGITS else "a number of more than {0} digits".format(MOST_DIGITS)
        )
    if isinstance(value, (list, tuple)):
        return "a list of {0}".format(len(value)) if value else "[]"
    if isinstance(value, Mapping):
        return "a dictionary" if value else "{}"
    return repr(value) if value is None or isinstance(value, (bool, float)) else type(value).__name__


def printable(text: str, most: int = 200) -> str:
    """Somebody's own words for an error message: without quotes, the rest as :func:`shown`."""
    cut = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text[:most])
    return cut if len(text) <= most and len(cut) <= most + 40 else cut[:most] + "..."


def number(text: str, most: int) -> Optional[int]:
    """The number between 0 and ``most`` that the text is, written in plain digits; None when it is none."""
    if not _DIGITS.fullmatch(text) or len(text) > MOST_DIGITS:
        return None
    value = int(text)
    return value if value <= most else None


def ipv4(text: str) -> Optional[str]:
    """The address that the text is, None when it is none."""
    if not _DOTTED.fullmatch(text):
        return None
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        return None


def ip_address(text: str) -> Optional[str]:
    """An IPv4 or IPv6 address, the latter perhaps with its interface (fe80::1%en2); None when it is none."""
    if ":" not in text:
        return ipv4(text)
    address, percent, zone = text.partition("%")
    if len(address) > 45 or (percent and not device(zone) and number(zone, 10**9) is None):
        return None
    try:
        return str(ipaddress.IPv6Address(address)) + percent + zone
    except ValueError:
        return None


def prefix_of(netmask: str) -> Optional[int]:
    """Length of a mask in the spellings 255.255.255.0 and 0xffffff00; None when its ones do not stand together."""
    if re.fullmatch(r"0x[0-9a-fA-F]{1,8}", netmask):
        bits = int(netmask, 16)
    else:
        dotted = ipv4(netmask)
        if dotted is None:
            return None
        bits = int(ipaddress.IPv4Address(dotted))
    holes = bits ^ 0xFFFFFFFF  # 2^n - 1 when the ones stand together
    return 32 - holes.bit_length() if holes & (holes + 1) == 0 else None


def interface_address(text: str) -> Optional[Tuple[str, int]]:
    """(address, prefix) of "a.b.c.d/len", None when it is not that."""
    address, slash, length = text.partition("/")
    prefix = number(length, 32)
    valid = ipv4(address)
    return (valid, prefix) if slash and valid is not None and prefix is not None else None


def device(text: str) -> bool:
    """Whether this can be the name of a network interface, and so be put into a command."""
    return _DEVICE.fullmatch(text) is not None


def identity(text: str) -> bool:
    """Whether this can be the identity of a port: what uids and UUIDs are written with, in any of their forms."""
    return _IDENTITY.fullmatch(text) is not None


def hardware_address(text: str) -> str:
    """A MAC address in lower case, "" for what stands there when there is none ("N/A", "(null)")."""
    lowered = text.strip().lower()
    return lowered if _MAC.fullmatch(lowered) else ""


def json_value(text: str, what: str) -> Any:
    """The value of a JSON text whose numbers fit, whose keys are unique and which is not nested without end.

    :raises ParseError: it is not JSON, or not such; ``what`` names the command that printed it.
    """
    try:
        value = json.loads(
            text[1:] if text.startswith("\ufeff") else text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_real,
            parse_constant=_constant,
        )
    except RecursionError:
        raise ParseError("{0}: nested too deeply".format(what)) from None
    except json.JSONDecodeError as error:
        raise ParseError("{0}: not JSON ({1}): {2}".format(what, error, shown(text.strip()))) from None
    except ValueError as error:  # one of ours below
        raise ParseError("{0}: {1}".format(what, error)) from None
    _refuse_depth(value, what)
    return value


def _object(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: Dict[str, int] = {}
        for key, _value in pairs:
            seen[key] = seen.get(key, 0) + 1
        raise ValueError("the key {0} stands twice in one object".format(shown(next(k for k in seen if seen[k] > 1))))
    return found


def _integer(text: str) -> int:
    if len(text) > MOST_JSON_DIGITS:
        raise ValueError("a number of {0} digits".format(len(text)))
    return int(text)


def _real(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("the number {0} is too large".format(shown(text, 20)))
    return value


def _constant(text: str) -> float:
    raise ValueError("{0} is no number".format(text))


def _refuse_depth(value: Any, what: str) -> None:
    """Level by level instead of by recursion, which is what deep nesting breaks."""
    level = [value]
    for _depth in range(DEEPEST):
        below: List[Any] = []
        for item in level:
            if isinstance(item, str) and _HALF_CHARACTER.search(item):
                raise ParseError("{0}: half a character in {1}".format(what, shown(item)))
            if isinstance(item, dict):
                below.extend(item)
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        if not below:
            return
        level = below
    raise ParseError("{0}: nested too deeply".format(what))
