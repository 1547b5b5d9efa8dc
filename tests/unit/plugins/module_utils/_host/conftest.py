# SPDX-License-Identifier: Apache-2.0
"""A runner of commands that answers from a script and remembers what was asked."""

from __future__ import annotations

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._host.commands import Output


class ScriptedRun:
    """Answers each command with the longest scripted beginning that fits; silence and success when none does."""

    def __init__(self):
        self.asked = []
        self.answers = {}

    def answer(self, beginning, stdout="", stderr="", rc=0):
        self.answers[tuple(beginning.split())] = (rc, stdout, stderr)

    def __call__(self, argv, timeout=0.0):
        self.asked.append(list(argv))
        fitting = [beginning for beginning in self.answers if tuple(argv[: len(beginning)]) == beginning]
        rc, stdout, stderr = self.answers[max(fitting, key=len)] if fitting else (0, "", "")
        return Output(tuple(argv), rc, stdout, stderr)


@pytest.fixture
def run():
    return ScriptedRun()
