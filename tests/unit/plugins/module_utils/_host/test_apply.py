# SPDX-License-Identifier: Apache-2.0
"""Steps become commands, in order; a failing one undoes those before it, in reverse."""

from __future__ import annotations

import plistlib
from dataclasses import replace

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import steps as kinds
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Bridge, HostFacts, Port, Service
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.steps import Step
from ansible_collections.boltloom.cluster.plugins.module_utils._host import apply
from ansible_collections.boltloom.cluster.plugins.module_utils._host.commands import HostError

NS, IF = "/usr/sbin/networksetup", "/sbin/ifconfig"

DHCP = Service("TB 2", enabled=True, method="dhcp")
MANUAL = Service("TB 3", enabled=True, method="manual", address="10.1.1.1", netmask="255.255.255.0")
OFF = Service("TB 4", enabled=True, method="off")
MAC = HostFacts(
    system="macos",
    hostname="mac1",
    model="Mac15,14",
    os_version="26.3",
    os_build="25D5",
    ports=(
        Port(2, "en3", "0x1", "A", service=DHCP),
        Port(3, "en4", "0x2", "B", service=MANUAL),
        Port(4, "en5", "0x3", "C", service=OFF),
    ),
    bridges=(Bridge("bridge0", up=True, members=("en3", "en4"), configured=("en3", "en4")),),
)
LINUX = replace(MAC, system="linux", ports=(), bridges=())

SET_MANUAL = Step(kinds.SET_MANUAL, service="TB 2", device="en3", address="10.77.0.1", netmask="255.255.255.252")

# kind, the step, the commands that do it, the commands that undo it
MACOS_ROWS = [
    (
        Step(kinds.DISABLE_BRIDGE_SERVICE, service="Thunderbolt Bridge"),
        [[NS, "-setnetworkserviceenabled", "Thunderbolt Bridge", "off"]],
        [[NS, "-setnetworkserviceenabled", "Thunderbolt Bridge", "on"]],
    ),
    (
        Step(kinds.RELEASE_PORT_FROM_BRIDGE, bridge="bridge0", device="en3"),
        [[IF, "bridge0", "deletem", "en3"]],
        [[IF, "bridge0", "addm", "en3"]],
    ),
    (
        Step(kinds.DESTROY_BRIDGE, bridge="bridge0"),
        [[IF, "bridge0", "destroy"]],
        [[IF, "bridge0", "create"], [IF, "bridge0", "up"]],
    ),
    (
        Step(kinds.CREATE_SERVICE, service="TB new", port="Thunderbolt 2"),
        [[NS, "-createnetworkservice", "TB new", "Thunderbolt 2"]],
        [[NS, "-removenetworkservice", "TB new"]],
    ),
    (
        Step(kinds.ENABLE_SERVICE, service="TB 2"),
        [[NS, "-setnetworkserviceenabled", "TB 2", "on"]],
        [[NS, "-setnetworkserviceenabled", "TB 2", "off"]],
    ),
    (
        SET_MANUAL,
        [[NS, "-setmanual", "TB 2", "10.77.0.1", "255.255.255.252", ""]],
        [[NS, "-setdhcp", "TB 2"]],
    ),
    (
        replace(SET_MANUAL, service="TB 3"),
        [[NS, "-setmanual", "TB 3", "10.77.0.1", "255.255.255.252", ""]],
        [[NS, "-setmanual", "TB 3", "10.1.1.1", "255.255.255.0", ""]],
    ),
    (
        replace(SET_MANUAL, service="TB 4"),
        [[NS, "-setmanual", "TB 4", "10.77.0.1", "255.255.255.252", ""]],
        [[NS, "-setv4off", "TB 4"]],
    ),
    (
        replace(SET_MANUAL, service="TB new"),
        [[NS, "-setmanual", "TB new", "10.77.0.1", "255.255.255.252", ""]],
        [],
    ),
    (
        Step(kinds.REMOVE_ADDRESS, device="en3", address="192.168.0.1", prefix=30),
        [[IF, "en3", "inet", "192.168.0.1", "-alias"]],
        [[IF, "en3", "inet", "192.168.0.1/30", "alias"]],
    ),
]
LINUX_ROWS = [
    (
        Step(kinds.RELEASE_PORT_FROM_BRIDGE, bridge="br0", device="thunderbolt0"),
        [["ip", "link", "set", "dev", "thunderbolt0", "nomaster"]],
        [["ip", "link", "set", "dev", "thunderbolt0", "master", "br0"]],
    ),
    (
        Step(kinds.ADD_ADDRESS, device="thunderbolt0", address="10.77.0.2", prefix=30),
        [
            ["ip", "address", "add", "10.77.0.2/30", "dev", "thunderbolt0"],
            ["ip", "link", "set", "dev", "thunderbolt0", "up"],
        ],
        [["ip", "address", "delete", "10.77.0.2/30", "dev", "thunderbolt0"]],
    ),
    (
        Step(kinds.REMOVE_ADDRESS, device="thunderbolt0", address="169.254.3.4", prefix=16),
        [["ip", "address", "delete", "169.254.3.4/16", "dev", "thunderbolt0"]],
        [["ip", "address", "add", "169.254.3.4/16", "dev", "thunderbolt0"]],
    ),
]
ROWS = [(MAC, *row) for row in MACOS_ROWS] + [(LINUX, *row) for row in LINUX_ROWS]


@pytest.mark.parametrize(("have", "step", "does", "undoes"), ROWS, ids=lambda value: getattr(value, "kind", None))
def test_a_step_is_these_commands_and_its_undoing_those(have, step, does, undoes, run):
    applied = apply.apply_steps([step], have, run, "/nowhere")
    assert run.asked == does
    run.asked.clear()
    assert applied.undo() == []
    assert run.asked == undoes


def test_every_kind_that_a_diff_can_make_has_a_row():
    assert set(apply.MACOS) | set(apply.LINUX) == set(kinds.KINDS)


@pytest.fixture
def mac_root(tmp_path):
    path = tmp_path / "Library/Preferences/SystemConfiguration/preferences.plist"
    path.parent.mkdir(parents=True)
    path.write_bytes(
        plistlib.dumps({"VirtualNetworkInterfaces": {"Bridge": {"bridge0": {"Interfaces": ["en3", "en9"]}}}})
    )
    return tmp_path, path


def test_a_failing_step_undoes_the_earlier_ones_in_reverse(run, mac_root):
    root, plist = mac_root
    before = plist.read_bytes()
    run.answer(NS + " -setmanual", stdout="** Error: The parameters were not valid.\n", rc=4)
    steps = [
        Step(kinds.DISABLE_BRIDGE_SERVICE, service="Thunderbolt Bridge"),
        Step(kinds.RELEASE_PORT_FROM_BRIDGE, bridge="bridge0", device="en3"),
        Step(kinds.SET_BRIDGE_MEMBERS, bridge="bridge0", members=("en9",)),
        SET_MANUAL,
    ]
    with pytest.raises(HostError) as caught:
        apply.apply_steps(steps, MAC, run, str(root))
    assert "could not give the network service 'TB 2' (en3) the address" in caught.value.message
    assert "The parameters were not valid" in caught.value.message
    assert run.asked[-2:] == [
        [IF, "bridge0", "addm", "en3"],
        [NS, "-setnetworkserviceenabled", "Thunderbolt Bridge", "on"],
    ]
    assert plist.read_bytes() == before


@pytest.mark.parametrize("kind", [kinds.FORGET_BRIDGE, kinds.SET_BRIDGE_MEMBERS])
def test_the_preferences_are_changed_and_undone(kind, run, mac_root):
    root, plist = mac_root
    before = plist.read_bytes()
    applied = apply.apply_steps([Step(kind, bridge="bridge0", members=("en9",))], MAC, run, str(root))
    assert plist.read_bytes() != before
    assert applied.undo() == []
    assert plist.read_bytes() == before


def test_networksetup_that_fails_with_status_0_has_failed(run):
    run.answer(NS, stdout="** Error: Command requires admin privileges.\n", rc=0)
    with pytest.raises(HostError, match="requires admin privileges"):
        apply.apply_steps([SET_MANUAL], MAC, run, "/")


def test_what_cannot_be_undone_is_said_and_the_rest_is_undone(run):
    run.answer(NS + " -setmanual", stdout="** Error: no\n", rc=4)
    run.answer(IF + " bridge0 addm", stderr="ifconfig: BRDGADD en3: Device busy\n", rc=1)
    steps = [
        Step(kinds.DISABLE_BRIDGE_SERVICE, service="Thunderbolt Bridge"),
        Step(kinds.RELEASE_PORT_FROM_BRIDGE, bridge="bridge0", device="en3"),
        SET_MANUAL,
    ]
    with pytest.raises(HostError, match="could not undo 'take en3 out of bridge0'.*Device busy"):
        apply.apply_steps(steps, MAC, run, "/")
    assert run.asked[-1] == [NS, "-setnetworkserviceenabled", "Thunderbolt Bridge", "on"]


def test_a_new_service_that_cannot_be_removed_again_is_disabled(run):
    run.answer(NS + " -removenetworkservice", stdout="** Error: last service of its port\n", rc=4)
    create = Step(kinds.CREATE_SERVICE, service="TB new", port="Thunderbolt 2")
    assert apply.apply_steps([create], MAC, run, "/").undo() == []
    assert run.asked[-1] == [NS, "-setnetworkserviceenabled", "TB new", "off"]


def test_a_bug_is_not_hidden_and_leaves_nothing_half_done(run):
    broken = Step("no such kind", service="x")
    with pytest.raises(KeyError):
        apply.apply_steps([Step(kinds.ENABLE_SERVICE, service="TB 2"), broken], MAC, run, "/")
    assert run.asked[-1] == [NS, "-setnetworkserviceenabled", "TB 2", "off"]


def test_a_kind_of_another_system_is_refused(run):
    with pytest.raises(HostError, match="nobody knows how to take en3 out of bridge0 on beos"):
        apply._performer({}, Step(kinds.RELEASE_PORT_FROM_BRIDGE, bridge="bridge0", device="en3"), "beos")
