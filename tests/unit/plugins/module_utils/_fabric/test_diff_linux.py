# SPDX-License-Identifier: Apache-2.0
"""From what a Linux host has to what the plan wants: our file, in the language of its manager, and in force."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import steps as kinds
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.diff import (
    before_after,
    diff_host,
    leftover_steps,
)
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.diff_linux import named_as_now
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import TopologyError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.foresee import foresee
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.linux.keep import connection_uuid, own_path
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import (
    Bridge,
    ConfigFile,
    HostFacts,
    HostPlan,
    Port,
    WantPort,
)

MAC = "02:71:5e:00:aa:bb"
PORT = Port(1, "thunderbolt0", "d1010780/1", "D1010780", up=True, mac=MAC, mtu=1500)
WANT = HostPlan("box1", (WantPort(1, "thunderbolt0", "10.77.0.1", 30, "mac1", "10.77.0.2", "Boltloom Thunderbolt 1"),))
MANAGERS = ("networkmanager", "networkd", "udev", "none")


def box(manager, **changes):
    port = replace(PORT, **changes)
    bridges = (Bridge("br0", True, ("thunderbolt0", "eth1")),) if port.bridge else ()
    return HostFacts("linux", "box1", "NUC", "12", "6.1", (port,), bridges, manager=manager)


def kinds_of(steps):
    return [step.kind for step in steps]


@pytest.mark.parametrize("manager", MANAGERS)
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"up": False},
        {"mac": ""},
        {"addresses": ("10.77.0.1/30",)},
        {"addresses": ("10.77.0.9/24", "192.168.1.1/24")},
        {"bridge": "br0"},
        {"configuration": "/etc/systemd/network/30-nas.network", "addresses": ("192.168.50.1/24",)},
    ],
)
def test_after_the_steps_nothing_is_left_and_the_texts_differ_exactly_when_there_are_steps(manager, changes):
    facts = box(manager, **changes)
    steps = diff_host(facts, WANT)
    assert steps
    before, after = before_after(facts, WANT, steps)
    assert before != after
    done = foresee(facts, steps)
    assert diff_host(done, WANT) == ()
    assert leftover_steps(done, WANT) == ()
    taken_back = foresee(done, leftover_steps(done, HostPlan("box1", ())))
    assert taken_back.config == ()
    assert leftover_steps(taken_back, HostPlan("box1", ())) == ()


def test_networkmanager_gets_a_connection_of_ours_that_comes_first_and_leads_nowhere_else():
    write, activate, _note = diff_host(box("networkmanager"), WANT)
    assert write.path == "/etc/NetworkManager/system-connections/boltloom-thunderbolt-1.nmconnection"
    assert write.text.split("\n")[1:] == [
        "[connection]",
        "id=Boltloom Thunderbolt 1",
        f"uuid={connection_uuid(1)}",
        "type=ethernet",
        "autoconnect-priority=100",
        "",
        "[ethernet]",
        "mac-address=02:71:5E:00:AA:BB",
        "",
        "[ipv4]",
        "method=manual",
        "address1=10.77.0.1/30",
        "never-default=true",
        "",
        "[ipv6]",
        "method=link-local",
        "",
    ]
    assert (activate.kind, activate.connection) == (kinds.ACTIVATE_CONFIG, connection_uuid(1))


def test_networkd_gets_a_file_that_is_found_before_others_and_no_boot_waits_for():
    write, activate, _note = diff_host(box("networkd"), WANT)
    assert write.path == activate.connection == "/etc/systemd/network/10-boltloom-thunderbolt-1.network"
    lines = write.text.split("\n")
    assert f"MACAddress={MAC}" in lines and "Address=10.77.0.1/30" in lines and "RequiredForOnline=no" in lines
    assert "DHCP=no" in lines and "Gateway" not in write.text


def test_udev_gets_a_rule_and_ip_sets_the_address_now():
    write, add, _note = diff_host(box("udev"), WANT)
    assert write.path == "/etc/udev/rules.d/80-boltloom-thunderbolt-1.rules"
    assert f'ATTR{{address}}=="{MAC}"' in write.text and "ip address replace 10.77.0.1/30 dev $name" in write.text
    assert (add.kind, add.mac) == (kinds.ADD_ADDRESS, MAC)


def test_where_nothing_keeps_an_address_it_is_set_for_now():
    assert kinds_of(diff_host(box("none"), WANT)) == [kinds.ADD_ADDRESS, kinds.NOTE_PORTS]


def test_a_file_of_the_manager_that_the_host_had_before_goes():
    facts = replace(box("networkd"), config=(ConfigFile(own_path("networkmanager", 1), "[connection]\n"),))
    assert kinds_of(diff_host(facts, WANT))[:2] == [kinds.REMOVE_CONFIG, kinds.WRITE_CONFIG]


def test_on_a_port_without_a_link_the_file_is_enough():
    facts = box("networkmanager", up=False)
    done = foresee(facts, diff_host(facts, WANT))
    assert done.ports[0].addresses == ()
    assert diff_host(done, WANT) == ()


def test_an_address_that_somebody_took_off_is_asked_for_again():
    facts = box("networkmanager")
    done = foresee(facts, diff_host(facts, WANT))
    taken = replace(done, ports=(replace(done.ports[0], addresses=()),))
    assert kinds_of(diff_host(taken, WANT)) == [kinds.ACTIVATE_CONFIG]


@pytest.mark.parametrize("file", ["/etc/systemd/network/05-cables.network", "/run/systemd/network/10-all.network"])
def test_a_file_that_networkd_would_prefer_is_named_before_anything_is_done(file):
    with pytest.raises(TopologyError, match=r"Thunderbolt 1 \(thunderbolt0\) is configured by " + file) as caught:
        diff_host(box("networkd", configuration=file), WANT)
    assert "take the interface out of its [Match]" in caught.value.hint
    assert diff_host(box("networkd", configuration="/etc/systemd/network/20-cables.network"), WANT)


def test_after_a_boot_that_renamed_interfaces_the_note_is_read_with_the_names_of_today():
    facts = box("networkd")
    done = foresee(facts, diff_host(facts, WANT))
    renamed = replace(done.ports[0], device="thunderbolt7")
    applied = named_as_now(tuple(replace(want, uid=PORT.uid) for want in done.applied), (renamed,))
    assert [want.device for want in applied] == ["thunderbolt7"]
    assert named_as_now(applied, ()) == applied  # its cable is out
    today = replace(done, ports=(renamed,), applied=applied)
    assert diff_host(today, HostPlan("box1", (replace(WANT.ports[0], device="thunderbolt7", peer_device="x"),))) == ()


def test_only_the_planned_port_leaves_a_bridge():
    steps = diff_host(box("udev", bridge="br0"), WANT)
    assert [step.device for step in steps if step.kind == kinds.RELEASE_PORT_FROM_BRIDGE] == ["thunderbolt0"]
    assert not {kinds.DESTROY_BRIDGE, kinds.FORGET_BRIDGE} & set(kinds_of(steps))


def test_what_is_planned_no_longer_loses_its_file_also_while_its_cable_is_out():
    facts = box("networkd")
    done = foresee(facts, diff_host(facts, WANT))
    steps = leftover_steps(replace(done, ports=()), HostPlan("box1", ()))
    assert kinds_of(steps) == [kinds.REMOVE_CONFIG, kinds.NOTE_PORTS]


def test_a_name_that_would_mean_something_in_a_file_is_refused():
    want = HostPlan("box1", (replace(WANT.ports[0], device='tb"0'),))
    with pytest.raises(TopologyError, match="has no MAC address by which to configure it"):
        diff_host(box("udev", mac="", device='tb"0'), want)
