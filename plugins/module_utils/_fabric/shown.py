# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Words that people read: what comes from a host is data, and may neither move the cursor nor forge a line."""

from __future__ import annotations

import dataclasses
import unicodedata
from typing import Any, Dict, Mapping, Tuple, TypeVar

Noun = TypeVar("Noun")

# Control and format characters (bidirectional overrides among them), surrogates, line and paragraph separators.
_ESCAPED = ("Cc", "Cf", "Cs", "Zl", "Zp")


def line(text: str) -> str:
    """The text as one line: whatever a terminal would act upon is written as an escape sequence."""
    if text.isprintable():  # so is nearly every text, and this is quick
        return text
    return "".join(_escape(character) if _acts(character) else character for character in text)


def block(text: str) -> str:
    """The same for a text of several lines; only its line feeds are kept."""
    return "\n".join(line(part) for part in text.split("\n"))


def noun(value: Noun) -> Noun:
    """A plan or facts with every text in it as :func:`line`, so that a picture of it keeps its lines and columns."""
    return _shown(value)  # type: ignore[no-any-return]


def result(returned: Mapping[str, Any]) -> Dict[str, Any]:
    """What a module or an action returns: its message, its warnings and its diff are read by people."""
    safe = dict(returned)
    if isinstance(safe.get("msg"), str):
        safe["msg"] = line(safe["msg"])
    if isinstance(safe.get("warnings"), list):
        safe["warnings"] = [line(str(warning)) for warning in safe["warnings"]]
    if isinstance(safe.get("diff"), dict):
        safe["diff"] = {key: block(text) if isinstance(text, str) else text for key, text in safe["diff"].items()}
    return safe


def end(host: str, receptacle: int, device: str) -> str:
    """One end of a cable as people find it: "mac1 Thunderbolt 2 (en3)"; just the host where no more is known."""
    if not receptacle:
        return host
    return "{0} Thunderbolt {1}{2}".format(host, receptacle, " ({0})".format(device) if device else "")


def port(receptacle: int, device: str) -> str:
    """A port of a host that was named already: "Thunderbolt 2 (en3)"."""
    return "Thunderbolt {0}{1}".format(receptacle, " ({0})".format(device) if device else "")


def _acts(character: str) -> bool:
    return unicodedata.category(character) in _ESCAPED


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        return line(value)
    if isinstance(value, tuple):
        items: Tuple[Any, ...] = tuple(_shown(item) for item in value)
        return items
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: _shown(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return dataclasses.replace(value, **fields)
    return value
