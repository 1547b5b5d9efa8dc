# SPDX-License-Identifier: Apache-2.0
"""A Mac with the oldest Python that a host may have beside one with the newest."""

from __future__ import annotations

import pytest
from collection.interpreters import python

pytestmark = pytest.mark.fleet


def FLEET() -> str:
    return f"""\
hosts:
  mac1: {{model: "Mac16,11", python: {python("3.8")}}}
  mac2: {{model: "Mac16,11", python: {python("3.13")}}}
cables:
  - [mac1:1, mac2:1]
"""


def test_both_are_configured_and_left_alone_the_second_time(rack):
    for host, version in (("mac1", "3.8"), ("mac2", "3.13")):
        assert f"Python {version}." in rack.on(host, "/usr/bin/python3", "--version")
    use = ("-e", "ansible_python_interpreter=/usr/bin/python3")
    assert rack.play("configure", *use).changed() == 3  # two hosts and the hostfile
    assert rack.play("configure", *use).changed() == 0
