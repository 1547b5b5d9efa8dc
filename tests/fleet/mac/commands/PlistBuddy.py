# SPDX-License-Identifier: Apache-2.0
"""PlistBuddy [-x] -c COMMAND FILE: Print, Delete, Set and Add on a real property list."""

import os
import plistlib
import sys
from collections.abc import Callable
from typing import Any


class CommandError(Exception):
    """What PlistBuddy says before it exits with 1."""


def _missing(verb: str, path: str) -> CommandError:
    return CommandError(f'{verb}: Entry, "{path}", Does Not Exist')


def _step(node: Any, key: str) -> Any:
    if isinstance(node, dict):
        return node[key]
    if isinstance(node, list):
        return node[int(key)]
    raise KeyError(key)


def _keys(path: str) -> list[str]:
    return [key for key in path.split(":") if key]


def _walk(root: Any, keys: list[str], verb: str, path: str) -> Any:
    node = root
    for key in keys:
        try:
            node = _step(node, key)
        except (KeyError, IndexError, ValueError):
            raise _missing(verb, path) from None
    return node


def _lines(value: Any, indent: int) -> list[str]:
    blanks = " " * (indent + 4)
    if isinstance(value, dict):
        inner = []
        for key, entry in value.items():
            shown = _lines(entry, indent + 4)
            inner += [f"{blanks}{key} = {shown[0]}", *shown[1:]]
        return ["Dict {", *inner, " " * indent + "}"]
    if isinstance(value, list):
        inner = []
        for entry in value:
            shown = _lines(entry, indent + 4)
            inner += [blanks + shown[0], *shown[1:]]
        return ["Array {", *inner, " " * indent + "}"]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [str(value)]


def _print(root: Any, rest: str, as_xml: bool) -> bool:
    value = _walk(root, _keys(rest), "Print", rest)
    sys.stdout.write(plistlib.dumps(value).decode() if as_xml else "\n".join(_lines(value, 0)) + "\n")
    return False


def _delete(root: Any, rest: str) -> bool:
    keys = _keys(rest)
    if not keys:
        raise _missing("Delete", rest)
    _walk(root, keys, "Delete", rest)
    parent = _walk(root, keys[:-1], "Delete", rest)
    del parent[keys[-1] if isinstance(parent, dict) else int(keys[-1])]
    return True


def _convert(kind: str, text: str) -> Any:
    makers: dict[str, Callable[[str], Any]] = {
        "string": str,
        "integer": int,
        "real": float,
        "bool": lambda word: word.lower() in ("true", "yes", "1"),
        "dict": lambda _: {},
        "array": lambda _: [],
    }
    if kind not in makers:
        raise CommandError(f"Unrecognized Type: {kind}")
    return makers[kind](text)


def _add(root: Any, rest: str) -> bool:
    path, kind, text = [*rest.split(" ", 2), "", ""][:3]
    keys = _keys(path)
    node = root
    for key in keys[:-1]:
        node = node.setdefault(key, {}) if isinstance(node, dict) else _walk(node, [key], "Add", path)
    if isinstance(node, list):
        node.insert(int(keys[-1]) if keys[-1].isdigit() else len(node), _convert(kind, text))
    elif keys[-1] in node:
        raise CommandError(f'Add: "{path}" Entry Already Exists')
    else:
        node[keys[-1]] = _convert(kind, text)
    return True


def _set(root: Any, rest: str) -> bool:
    path, _, text = rest.partition(" ")
    keys = _keys(path)
    present = _walk(root, keys, "Set", path)
    parent = _walk(root, keys[:-1], "Set", path)
    parent[keys[-1] if isinstance(parent, dict) else int(keys[-1])] = type(present)(text)
    return True


def _command(root: Any, command: str, as_xml: bool) -> bool:
    """Run one command; whether the file has to be written."""
    verb, _, rest = command.strip().partition(" ")
    rest = rest.strip().strip("'\"")
    changes = {"delete": _delete, "add": _add, "set": _set}
    if verb.lower() == "print":
        return _print(root, rest, as_xml)
    if verb.lower() in changes:
        return changes[verb.lower()](root, rest)
    if verb.lower() in ("save", "quit", "exit"):
        return False
    raise CommandError("Unrecognized Command")


def _save(root: Any, path: str) -> None:
    try:
        with open(path + ".new", "wb") as file:
            plistlib.dump(root, file, sort_keys=False)
        os.chmod(path + ".new", 0o644)
        os.rename(path + ".new", path)
    except PermissionError:
        raise CommandError("Error Writing to File: " + path) from None


def main(arguments: list[str]) -> int:
    commands = [arguments[i + 1] for i, word in enumerate(arguments[:-1]) if word == "-c"]
    path = arguments[-1] if arguments else ""
    if not commands or path in commands:
        print("Usage: PlistBuddy [-cxh] <file.plist>")
        return 1
    root: Any = {}
    if os.path.exists(path):
        with open(path, "rb") as file:
            root = plistlib.load(file)
    else:
        print(f"File Doesn't Exist, Will Create: {path}")
    status = 0
    changed = False
    for command in commands:
        try:
            changed = _command(root, command, "-x" in arguments) or changed
        except CommandError as error:
            print(error, file=sys.stderr)
            status = 1
    try:
        if changed:
            _save(root, path)
    except CommandError as error:
        print(error, file=sys.stderr)
        return 1
    return status
