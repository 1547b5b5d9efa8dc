# SPDX-License-Identifier: Apache-2.0
"""socketfilterfw: the application firewall, which is off."""

_ANSWERS = {
    "--getglobalstate": "Firewall is disabled. (State = 0)",
    "--getblockall": "Firewall has block all state set to disabled.",
    "--getstealthmode": "Firewall stealth mode is off",
    "--getallowsigned": "Automatically allow built-in signed software ENABLED.\n"
    "Automatically allow downloaded signed software ENABLED.",
}


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in _ANSWERS:
        print("Usage: socketfilterfw [options]")
        return 1
    for argument in arguments:
        print(_ANSWERS.get(argument, ""))
    return 0
