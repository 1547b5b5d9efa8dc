# SPDX-License-Identifier: Apache-2.0
"""The reason and the place, out of all that Ansible says when it does not come as far as the hosts."""

from __future__ import annotations

import re


def last_words(complaint: str) -> str:
    """One line of it, "" if there is none."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", complaint)
    reason = re.search(r"Failed to parse inventory with '\w+' plugin: (.*)", text)
    if reason:
        place = re.search(r"Origin: (\S+:\d+)", text)
        return reason[1].strip().rstrip(".") + (f" ({place[1]})" if place else "")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line.partition("ERROR")[2].lstrip("]!: ") for line in lines if "ERROR" in line]
    return next((words for words in errors if words), lines[-1] if lines else "")
