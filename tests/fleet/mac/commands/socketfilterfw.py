# SPDX-License-Identifier: Apache-2.0
"""socketfilterfw: the application firewall, which is off, and the programs that it knows."""

import json

from mac import machine

_KEPT = "/Library/Preferences/com.apple.alf.json"  # a property list on a Mac, which nobody reads directly
_ANSWERS = {
    "--getglobalstate": "Firewall is disabled. (State = 0)",
    "--getblockall": "Firewall has block all state set to disabled.",
    "--getstealthmode": "Firewall stealth mode is off",
    "--getallowsigned": "Automatically allow built-in signed software ENABLED.\n"
    "Automatically allow downloaded signed software ENABLED.",
}


def _programs() -> dict[str, str]:
    try:
        with open(_KEPT, encoding="utf-8") as file:
            return dict(json.load(file))
    except FileNotFoundError:
        return {}


def _list() -> int:
    programs = _programs()
    print(f"Total number of apps = {len(programs)}\n")
    for number, (path, state) in enumerate(programs.items(), 1):
        print(f"{number} : {path}\n             ( {state} incoming connections )\n")
    return 0


def _change(verb: str, path: str) -> int:
    if not machine.is_root():
        print("Must be root to change settings.")
        return 1
    programs = _programs()
    if verb == "--remove":
        programs.pop(path, None)
    else:
        programs[path] = "Block" if verb == "--blockapp" else "Allow"
    with open(_KEPT, "w", encoding="utf-8") as file:
        json.dump(programs, file)
    return 0


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--listapps"]:
        return _list()
    if len(arguments) == 2 and arguments[0] in ("--add", "--remove", "--unblockapp", "--blockapp"):
        return _change(*arguments)
    if not arguments or arguments[0] not in _ANSWERS:
        print("Usage: socketfilterfw [options]")
        return 1
    for argument in arguments:
        print(_ANSWERS.get(argument, ""))
    return 0
