# SPDX-License-Identifier: Apache-2.0
"""uname: the kernel is Darwin (to those who ask this command; a system call cannot be fooled)."""

import os

_RELEASE = "25.4.0"
_VERSION = f"Darwin Kernel Version {_RELEASE}: root:xnu-12377.101.15~1/RELEASE_ARM64"


def main(arguments: list[str]) -> int:
    letters = "".join(argument.lstrip("-") for argument in arguments) or "s"
    values = {"s": "Darwin", "n": os.uname().nodename, "r": _RELEASE, "v": _VERSION, "m": "arm64", "p": "arm"}
    if "a" in letters:
        letters = "snrvm"
    print(" ".join(value for letter, value in values.items() if letter in letters))
    return 0
