# SPDX-License-Identifier: Apache-2.0
"""The steps as commands for a person. That they do what the module does is shown on a fleet, in tests/collection."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import steps as kinds
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.by_hand import commands_of, lines_by_hand
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import BoltloomError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.steps import Step
from ansible_collections.boltloom.cluster.plugins.module_utils._host.systems import SYSTEMS

PREFERENCES = "/Library/Preferences/SystemConfiguration/preferences.plist"


def step(kind, **fields):
    filled = {
        "device": "en3",
        "bridge": "bridge0",
        "service": "Boltloom Thunderbolt 2",
        "port": "Thunderbolt 2",
        "address": "10.77.0.1",
        "prefix": 30,
        "netmask": "255.255.255.252",
        "members": ("en5", "en6"),
    }
    return Step(kind, **{**filled, **fields})


@pytest.mark.parametrize(("system", "table"), [(name, SYSTEMS[name].kinds) for name in SYSTEMS])
@pytest.mark.parametrize("kind", kinds.KINDS)
def test_whatever_the_module_does_a_person_can_type(system, table, kind):
    if kind in table:
        assert all(argv[0] == "sudo" and all(argv[1:2]) for argv in commands_of(step(kind), system))
    else:
        with pytest.raises(BoltloomError):
            commands_of(step(kind), system)


def test_the_lines_of_a_port():
    todo = [step(kinds.RELEASE_PORT_FROM_BRIDGE), step(kinds.CREATE_SERVICE), step(kinds.SET_MANUAL)]
    assert lines_by_hand(todo, "macos") == (
        "sudo ifconfig bridge0 deletem en3",
        "sudo networksetup -createnetworkservice 'Boltloom Thunderbolt 2' 'Thunderbolt 2'",
        "sudo networksetup -setv6LinkLocal 'Boltloom Thunderbolt 2'",
        "sudo networksetup -setmanual 'Boltloom Thunderbolt 2' 10.77.0.1 255.255.255.252 ''",
    )
    assert lines_by_hand([step(kinds.ADD_ADDRESS)], "linux") == (
        "sudo ip address add 10.77.0.1/30 dev en3",
        "sudo ip link set dev en3 up",
    )


def test_what_no_command_does_is_said():
    place = step(kinds.PLACE_SERVICE, behind="NAS\nlink")
    assert lines_by_hand([place], "macos") == (
        "# System Settings > Network > ... > Set Service Order: drag 'Boltloom Thunderbolt 2' before $'NAS\\012link'",
    )


def test_the_members_of_a_bridge_are_replaced_in_their_order():
    ((*argv, path),) = commands_of(step(kinds.SET_BRIDGE_MEMBERS), "macos")
    assert path == PREFERENCES
    assert argv[3::2] == [
        "Delete :VirtualNetworkInterfaces:Bridge:bridge0:Interfaces",
        "Add :VirtualNetworkInterfaces:Bridge:bridge0:Interfaces array",
        "Add :VirtualNetworkInterfaces:Bridge:bridge0:Interfaces:0 string en5",
        "Add :VirtualNetworkInterfaces:Bridge:bridge0:Interfaces:1 string en6",
    ]


@pytest.mark.parametrize(
    "name", ["NAS link", "a'b\"c", "$(reboot)", "`x`", "-d", "Büro", "a\nb", "esc\x1b[31m'\\", "\u2028;\u0085", ""]
)
def test_a_name_stays_one_word_and_cannot_act_on_a_terminal(name):
    (line,) = lines_by_hand([step(kinds.ENABLE_SERVICE, service=name)], "macos")
    assert line.isprintable()
    shell = line.replace("sudo networksetup", "printf '%s\\n'", 1)
    said = subprocess.run(["bash", "-c", shell], stdout=subprocess.PIPE, check=True, timeout=20).stdout.decode()
    assert said == f"-setnetworkserviceenabled\n{name}\non\n"
    if name.isprintable():
        assert shlex.split(line)[3] == name
