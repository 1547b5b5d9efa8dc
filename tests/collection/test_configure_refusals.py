# SPDX-License-Identifier: Apache-2.0
"""One host is not fit: it is named with the reason in one line, and no other host is changed."""

from __future__ import annotations

import re
from contextlib import contextmanager

import pytest

pytestmark = [pytest.mark.fleet, pytest.mark.minutes(2)]
FLEET = """\
hosts:
  mac1: {model: "Mac16,11"}
  mac2: {model: "Mac16,11"}
  mac3: {model: "Mac16,11", faults: [no-sudo]}
  mac4: {model: "Mac16,11", faults: [unreachable]}
  mac5: {model: "Mac16,11", python: none}
cables:
  - [mac1:1, mac2:1]
  - [mac2:2, mac3:1]
  - [mac3:2, mac1:2]
"""


@contextmanager
def unchanged(rack):
    """Nothing may be changed on mac1 and mac2, which are fit."""
    fit = ("mac1", "mac2")
    state = {host: rack.on(host, "/sbin/ifconfig") for host in fit}
    yield
    assert {host: rack.on(host, "/sbin/ifconfig") for host in fit} == state


def test_a_host_where_sudo_asks_for_a_password(rack):
    with unchanged(rack):
        played = rack.play("configure", "--limit", "mac1,mac2,mac3", fails=True)
    assert "mac3: sudo does not work" in played.flat
    assert "--ask-become-pass" in played.flat
    assert played.changed() == 0


def test_a_wrong_password_is_told_from_a_missing_one(rack):
    with unchanged(rack):
        played = rack.play("configure", "--limit", "mac1,mac2,mac3", "-e", "ansible_become_password=wrong", fails=True)
    assert "mac3: sudo does not work (Incorrect sudo password)" in played.flat


def test_looking_needs_no_sudo_and_check_mode_says_that_it_is_missing(rack):
    rack.play("probe", "--limit", "mac1,mac2,mac3")
    played = rack.play("configure", "--check", "--limit", "mac1,mac2,mac3", fails=True)
    assert "mac3: sudo does not work" in played.flat


def test_a_host_that_cannot_be_reached(rack):
    with unchanged(rack):
        played = rack.play("configure", "--limit", "mac1,mac2,mac4", fails=True)
    assert played.count("mac4", "unreachable") == 1
    assert re.search(r"fatal: \[mac4\]: UNREACHABLE! .*ssh: connect to host \S+ port 22: [A-Z]", played.flat)
    assert played.changed() == 0
    assert rack.hostfile is None


def test_a_host_that_nobody_knows(rack):
    inventory = rack.folder / "unknown.yml"
    inventory.write_text("boltloom: {hosts: {mac1: , no-such-mac: }}\n")
    with unchanged(rack):
        played = rack.play("configure", inventory=inventory, fails=True)
    assert re.search(r"fatal: \[no-such-mac\]: UNREACHABLE! .*Could not resolve hostname no-such-mac", played.flat)
    assert played.changed() == 0


def test_a_host_without_python(rack):
    with unchanged(rack):
        played = rack.play("configure", "--limit", "mac1,mac2,mac5", fails=True)
    assert played.count("mac5", "failed") + played.count("mac5", "unreachable") == 1
    # Now and then Ansible loses the words, when the shell has ended before Ansible has written all of a module to it.
    lost = "Data could not be sent to remote host"
    assert re.search(rf"fatal: \[mac5\]: .*(python3(: |' was )not found|{lost})", played.flat)
    assert played.changed() == 0


def test_with_the_password_sudo_works(rack):
    """Last but one, because it changes the hosts."""
    rack.play("configure", "--limit", "mac1,mac2,mac3", "-e", "ansible_become_password=boltloom")
    assert len(rack.hostfile["hosts"]) == 3
    again = rack.play("configure", "--limit", "mac1,mac2,mac3")  # mac3 would ask for the password again
    assert again.changed() == 0


def test_a_wrong_variable_is_named_with_what_it_may_be(rack):
    played = rack.play("configure", "-e", "thunderbolt_net_shape=star", "--limit", "mac1,mac2", fails=True)
    assert "thunderbolt_net_shape must be one of: auto, mesh, ring" in played.flat
