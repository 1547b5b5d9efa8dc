# SPDX-License-Identifier: Apache-2.0
"""What Ansible says before it comes as far as the hosts, in one line."""

from __future__ import annotations

import pytest
from boltloom_launcher.ansible.complaint import last_words


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (
            "[WARNING]: x\n[ERROR]: Failed to parse inventory with 'yaml' plugin: No ']'.\n\nOrigin: /i.yml:2:9\n",
            "No ']' (/i.yml:2:9)",
        ),
        ("\x1b[31m[ERROR]: no such role\x1b[0m\nmore\n", "no such role"),
        ("ERROR! the field is wrong", "the field is wrong"),
        ("[ERROR]:\nERROR! second", "second"),
        ("something else\nat the end\n", "at the end"),
        ("", ""),
    ],
)
def test_the_reason_and_the_place(said: str, line: str) -> None:
    assert last_words(said) == line
