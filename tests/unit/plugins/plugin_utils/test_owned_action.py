# SPDX-License-Identifier: Apache-2.0
"""Who makes a change, in words, and whether he is still there."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest
from ansible_collections.boltloom.cluster.plugins.plugin_utils._owned_action import has_died, owner


def test_the_owner_is_ansible_itself_and_not_its_worker():
    assert owner().endswith(f"@{socket.gethostname()}, process {os.getppid()}")


def test_a_process_of_this_machine_that_has_ended_is_dead():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait(20)
    assert has_died(f"ada@{socket.gethostname()}, process {ended.pid}")
    assert not has_died(f"ada@{socket.gethostname()}, process {os.getpid()}")


@pytest.mark.parametrize("words", ["", "somebody", "ada@elsewhere, process 99999999", "the host itself"])
def test_of_others_nobody_here_knows(words):
    assert not has_died(words)
