# SPDX-License-Identifier: Apache-2.0
"""Large inputs by which an algorithm that is not linear gives itself away."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

LINES = 12  # of a sample that are tried, spread over it


def grown_texts(text: str) -> Iterator[tuple[str, str, str]]:
    """(what grows, beginning, the piece that is repeated); the rest of the sample follows."""
    yield "the whole", "", text if text.endswith("\n") else text + "\n"
    lines = text.split("\n")
    for index in range(0, len(lines), max(1, len(lines) // LINES)):
        before, line = "\n".join(lines[:index]), lines[index]
        head = before + "\n" if index else ""
        yield f"line {index + 1}", head, line + "\n"
        middle = len(line) // 2
        for name, piece in (("blanks", " "), ("a word", "a"), ("colons", "a: "), ("brackets", "("), ("digits", "9")):
            yield f"{name} in line {index + 1}", head + line[:middle], piece
        word = re.search(r"\S+", line)
        if word:
            yield f"{word.group()[:20]!r} in line {index + 1}", head + line[: word.end()], " " + word.group()


def grown_values(value: Any, times: int) -> Iterator[tuple[str, Any]]:
    """Copies of a JSON value in which one list, string or dictionary has become long, or one thing deep."""
    for path in _paths(value):
        name = "/".join(map(str, path)) or "the whole"
        part = _at(value, path)
        if isinstance(part, list) and part:
            yield f"{name}: items", _with(value, path, (part * (times // len(part) + 1))[:times])
        if isinstance(part, str):
            yield f"{name}: letters", _with(value, path, part + "x" * times)
        if isinstance(part, dict) and part:
            first = next(iter(part.values()))
            yield f"{name}: keys", _with(value, path, {**part, **{f"key{i}": first for i in range(times)}})
            for key, inner in part.items():
                numbered = re.fullmatch(r"(\D+)\d+(\D*)", str(key))
                if numbered:  # receptacle_1_tag and its kind
                    many = {f"{numbered[1]}{i}{numbered[2]}": inner for i in range(times)}
                    yield f"{name}: keys like {key}", _with(value, path, {**part, **many})


def _paths(value: Any) -> list[tuple[Any, ...]]:
    """One path per shape: of a list only the first item, for its fellows are of the same kind."""
    found: list[tuple[Any, ...]] = [()]
    for path in found:
        part = _at(value, path)
        if isinstance(part, dict):
            found.extend((*path, key) for key in part)
        elif isinstance(part, list) and part:
            found.append((*path, 0))
    return found


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def _with(value: Any, path: tuple[Any, ...], part: Any) -> Any:
    if not path:
        return part
    whole = json.loads(json.dumps(value))
    _at(whole, path[:-1])[path[-1]] = part
    return whole
