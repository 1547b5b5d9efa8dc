# SPDX-License-Identifier: Apache-2.0
"""The steps of one host, and that they are the right ones and enough."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import steps as kinds
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.diff import before_after, diff_host
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import TopologyError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.foresee import foresee
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import (
    Bridge,
    HostFacts,
    HostPlan,
    Nic,
    Peer,
    Port,
    Service,
    WantPort,
)
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.steps import KINDS, Step
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.plugins.module_utils._fabric.racks import PAIR, change_port, names, plug, port_of, rack

MASK = "255.255.255.252"
WANT = HostPlan("mac1", (WantPort(1, "en2", "10.77.1.1", 30, "mac2", "10.77.1.2", "Boltloom Thunderbolt 1"),))
ALL_PORTS = ("en2", "en3", "en4", "en5")


def fresh():
    return rack(names(2), PAIR)


def mac1(**changes):
    """mac1 fresh from the box, with changes to the port that the plan is about."""
    facts = fresh()
    change_port(facts, "mac1", replace(port_of(facts, "mac1", 1), **changes))
    return facts["mac1"]


def free(**changes):
    """mac1 without any bridge."""
    facts = mac1(bridge="", **changes)
    return replace(facts, bridges=(), ports=tuple(replace(port, bridge="") for port in facts.ports))


def done():
    service = Service("Cable", True, "manual", "10.77.1.1", MASK)
    return replace(free(addresses=("10.77.1.1/30",), service=service), applied=WANT.ports)


NOTE = Step(kinds.NOTE_PORTS, ports=WANT.ports)
OURS = "Boltloom Thunderbolt 1"


def kinds_of(steps):
    return [step.kind for step in steps]


def test_a_fresh_mac():
    steps = diff_host(mac1(), WANT)
    assert steps == (
        Step(kinds.DISABLE_BRIDGE_SERVICE, bridge="bridge0", service="Thunderbolt Bridge"),
        *(Step(kinds.RELEASE_PORT_FROM_BRIDGE, bridge="bridge0", device=device) for device in ALL_PORTS),
        Step(kinds.DESTROY_BRIDGE, bridge="bridge0"),
        Step(kinds.FORGET_BRIDGE, bridge="bridge0"),
        Step(kinds.CREATE_SERVICE, device="en2", service="Boltloom Thunderbolt 1", port="Thunderbolt 1"),
        Step(
            kinds.SET_MANUAL,
            device="en2",
            service="Boltloom Thunderbolt 1",
            address="10.77.1.1",
            prefix=30,
            netmask=MASK,
        ),
        NOTE,
    )
    after = foresee(mac1(), steps)
    assert after.bridges == ()
    assert after.ports[0].addresses == ("10.77.1.1/30",)
    assert diff_host(after, WANT) == ()


def test_nothing_to_do():
    assert diff_host(done(), WANT) == ()
    before, after = before_after(done(), WANT, ())
    assert before == after


def test_a_host_without_cables_keeps_its_bridge():
    assert diff_host(mac1(), HostPlan("mac1", ())) == ()


def with_bridge(facts, **changes):
    return replace(facts, bridges=(replace(facts.bridges[0], **changes),))


def test_a_bridge_with_a_member_of_somebody_else_stays():
    facts = with_bridge(mac1(), members=("en2", "tap0"), configured=("en2", "tap0"))
    steps = diff_host(facts, WANT)
    assert steps[:2] == (
        Step(kinds.RELEASE_PORT_FROM_BRIDGE, bridge="bridge0", device="en2"),
        Step(kinds.SET_BRIDGE_MEMBERS, bridge="bridge0", members=("tap0",)),
    )
    assert not {kinds.DISABLE_BRIDGE_SERVICE, kinds.DESTROY_BRIDGE, kinds.FORGET_BRIDGE} & set(kinds_of(steps))
    assert diff_host(foresee(facts, steps), WANT) == ()


def test_a_bridge_that_joins_a_host_outside_of_the_plan_stays():
    facts = fresh()
    facts["mac3"] = rack(["mac3"], [])["mac3"]
    plug(facts, "mac1", 3, "mac3", 1)
    steps = diff_host(facts["mac1"], WANT)
    assert [step.device for step in steps if step.kind == kinds.RELEASE_PORT_FROM_BRIDGE] == ["en2"]
    assert Step(kinds.SET_BRIDGE_MEMBERS, bridge="bridge0", members=("en3", "en4", "en5")) in steps
    assert kinds.DISABLE_BRIDGE_SERVICE not in kinds_of(steps)


def test_a_bridge_of_the_next_boot_is_forgotten_now():
    left = Bridge("bridge0", False, (), ALL_PORTS, Service("Thunderbolt Bridge", False, "dhcp"))
    assert diff_host(replace(done(), bridges=(left,)), WANT) == (Step(kinds.FORGET_BRIDGE, bridge="bridge0"),)


def test_a_bridge_without_our_ports_is_not_ours():
    facts = replace(done(), bridges=(Bridge("bridge0", True, ("en4", "en5"), ("en4", "en5")),))
    assert diff_host(facts, WANT) == ()


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({"service": Service("Cable", True, "dhcp")}, [kinds.CREATE_SERVICE, kinds.SET_MANUAL, kinds.PLACE_SERVICE]),
        ({"service": Service("Cable", False, "dhcp")}, [kinds.CREATE_SERVICE, kinds.SET_MANUAL]),
        ({"service": Service(OURS, True, "dhcp")}, [kinds.SET_MANUAL]),
        ({"service": Service(OURS, True, "manual", "10.77.1.5", MASK)}, [kinds.SET_MANUAL]),
        ({"service": Service(OURS, True, "manual", "10.77.1.1", "255.255.255.0")}, [kinds.SET_MANUAL]),
        ({"service": Service(OURS, True, "manual", "10.77.1.1", MASK, router="10.77.1.2")}, [kinds.SET_MANUAL]),
        (
            {"service": Service(OURS, False, "manual", "10.77.1.1", MASK), "addresses": ()},
            [kinds.SET_MANUAL, kinds.ENABLE_SERVICE],
        ),
        ({"service": None}, [kinds.CREATE_SERVICE, kinds.SET_MANUAL]),
        ({"addresses": ()}, [kinds.SET_MANUAL]),  # configured, but not in force although there is a link
        ({"addresses": (), "up": False}, []),  # macOS keeps the address back until there is a link
        ({"addresses": ("10.77.1.1/30", "169.254.3.4/16")}, []),
        ({"addresses": ("10.77.1.1/30", "192.168.0.1/30")}, []),  # left behind by another tool, and in nobody's way
        ({"addresses": ("10.77.1.1/30", "10.77.1.3/24")}, [kinds.REMOVE_ADDRESS]),  # hides the cable's network
        ({"addresses": ("10.77.1.2/30",)}, [kinds.REMOVE_ADDRESS, kinds.SET_MANUAL]),
    ],
)
def test_what_a_port_lacks(changes, expected):
    facts = replace(
        done(), ports=tuple(replace(port, **changes) if port.device == "en2" else port for port in done().ports)
    )
    steps = diff_host(facts, WANT)
    assert kinds_of(steps) == expected
    assert diff_host(foresee(facts, steps), WANT) == ()


NAS = Service("NAS link (Büro)", True, "manual", "192.168.50.1", "255.255.255.0", "192.168.50.254", ("9.9.9.9",))


@pytest.mark.parametrize("enabled", [True, False])
def test_a_service_of_the_user_is_left_as_it_is_and_ours_stands_before_it(enabled):
    nas = replace(NAS, enabled=enabled)
    facts = free(service=nas, services=(nas,), addresses=("192.168.50.1/24",) if enabled else ())
    steps = diff_host(facts, WANT)
    assert {step.service for step in steps if step.service} == {OURS}
    after = foresee(facts, steps)
    assert nas in after.ports[0].services
    assert after.ports[0].service.name == OURS
    assert after.ports[0].addresses == ("10.77.1.1/30",)
    assert diff_host(after, WANT) == ()
    before_text, _ = before_after(facts, WANT, diff_host(facts, WANT))
    assert "'NAS link (Büro)' {} manual 192.168.50.1 255.255.255.0".format("on" if enabled else "off") in before_text
    assert "router 192.168.50.254 name servers 9.9.9.9" in before_text


def test_ours_goes_before_the_first_service_that_counts():
    ours = Service(OURS, True, "manual", "10.77.1.1", MASK)
    first, second = Service("A", False, "dhcp"), Service("B", True, "dhcp")
    facts = replace(free(service=second, services=(first, second, ours)), applied=WANT.ports)
    place = Step(kinds.PLACE_SERVICE, service=OURS, device="en2", behind="B")
    assert place in diff_host(facts, WANT)
    assert [service.name for service in foresee(facts, [place]).ports[0].services] == ["A", OURS, "B"]


@pytest.mark.parametrize("name", ["Ethernet\nx", "Ethernet\u2028x", "a\x1b[31m", ""])
def test_a_service_whose_name_no_command_can_say_is_refused_by_name(name):
    odd = Service(name, True, "dhcp")
    with pytest.raises(TopologyError) as caught:
        diff_host(free(service=odd, services=(odd,)), WANT)
    assert repr(name) in caught.value.message and "en2" in caught.value.message


def test_our_name_on_another_port_is_refused():
    facts = free()
    taken = tuple(replace(p, service=Service(OURS, True, "dhcp")) if p.device == "en3" else p for p in facts.ports)
    with pytest.raises(TopologyError, match="'Boltloom Thunderbolt 1' belongs to Thunderbolt 2 .en3., not to Thund"):
        diff_host(replace(facts, ports=taken), WANT)


def test_another_computer_than_the_planned_one_is_noticed():
    port = free().ports[0]
    same = HostPlan("mac1", (replace(WANT.ports[0], uid=port.uid.upper()),))
    assert diff_host(free(), same)
    with pytest.raises(TopologyError, match="this is not the host that was planned as mac1: its Thunderbolt 1 is"):
        diff_host(free(), HostPlan("mac1", (replace(WANT.ports[0], uid="0x05ac000000000009"),)))


def test_what_is_configured_is_noted_and_ports_that_are_planned_no_longer_stay_noted():
    old = replace(WANT.ports[0], receptacle=4, device="en5", service="Boltloom Thunderbolt 4")
    steps = diff_host(replace(done(), applied=(old,)), WANT)
    assert steps == (Step(kinds.NOTE_PORTS, ports=(WANT.ports[0], old)),)
    faster = HostPlan("mac1", (replace(WANT.ports[0], speed_gbps=40),))
    assert diff_host(done(), faster) == ()


def test_other_ports_and_interfaces_are_never_named():
    touched = {step.device for step in diff_host(done(), WANT)} | {step.device for step in diff_host(free(), WANT)}
    assert touched <= {"en2", ""}  # the note on the host has no device


def linux(**changes):
    port = Port(1, "thunderbolt0", "u/1", "U", peers=(Peer("host", "x"),), up=True)
    facts = HostFacts("linux", "l", "NUC", "12", "6.1", (replace(port, **changes),), nics=(Nic("eno1", "10.0.0.1/24"),))
    return facts, HostPlan("l", (WantPort(1, "thunderbolt0", "10.77.1.1", 30, "mac2", "10.77.1.2", "-"),))


def test_linux_gets_and_loses_addresses():
    facts, want = linux(addresses=("10.77.1.3/16", "10.99.9.1/30", "169.254.1.1/16"))
    steps = diff_host(facts, want)
    assert steps == (
        Step(kinds.REMOVE_ADDRESS, device="thunderbolt0", address="10.77.1.3", prefix=16),
        Step(kinds.ADD_ADDRESS, device="thunderbolt0", address="10.77.1.1", prefix=30),
        Step(kinds.NOTE_PORTS, ports=want.ports),
    )
    assert diff_host(foresee(facts, steps), want) == ()


def test_a_linux_bridge_lets_the_port_go_and_stays():
    facts, want = linux(bridge="br0")
    facts = replace(facts, bridges=(Bridge("br0", True, ("eno1", "thunderbolt0")),))
    steps = diff_host(facts, want)
    assert kinds_of(steps) == [kinds.RELEASE_PORT_FROM_BRIDGE, kinds.ADD_ADDRESS, kinds.NOTE_PORTS]
    assert diff_host(foresee(facts, steps), want) == ()


def test_an_old_plan_is_refused():
    want = HostPlan("mac1", (replace(WANT.ports[0], device="en9"),))
    with pytest.raises(TopologyError, match="mac1 has no Thunderbolt 1 with the interface en9"):
        diff_host(done(), want)


def test_the_text_for_diff_shows_the_change_and_not_more():
    before, after = before_after(mac1(), WANT, diff_host(mac1(), WANT))
    assert "bridge0: members en2 en3 en4 en5, service on\n" in before
    assert "Thunderbolt 1 (en2): in bridge0\n" in before
    assert "bridge0" not in after
    assert "Thunderbolt 1 (en2): addresses 10.77.1.1/30\n" in after
    assert "Thunderbolt 2" not in before + after


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_step_has_a_sentence(kind):
    step = Step(
        kind,
        "en2",
        "bridge0",
        "Cable",
        "Thunderbolt 1",
        "10.77.1.1",
        30,
        MASK,
        ("tap0", "en9"),
        "NAS",
        WANT.ports,
        words="mtu of en2",
    )
    sentence = step.describe()
    assert "{" not in sentence and any(word in sentence for word in ("en2", "bridge0", "Cable"))


PORT_STATES = st.fixed_dictionaries(
    {
        "up": st.booleans(),
        "addresses": st.lists(
            st.sampled_from(["10.77.1.1/30", "10.77.1.1/16", "10.77.9.1/30", "169.254.7.7/16", "192.168.0.1/30"]),
            max_size=3,
            unique=True,
        ).map(tuple),
        "services": st.lists(
            st.builds(
                Service,
                st.sampled_from(["Cable", "NAS", OURS]),
                st.booleans(),
                st.sampled_from(["manual", "dhcp", "off", "other"]),
                st.sampled_from(["10.77.1.1", "10.77.9.1"]),
                st.just(MASK),
                st.sampled_from(["", "10.77.1.2"]),
            ),
            max_size=3,
            unique_by=lambda service: service.name,
        ).map(tuple),
    }
)
MEMBERS = st.lists(st.sampled_from([*ALL_PORTS, "tap0"]), unique=True).map(tuple)


@given(PORT_STATES, MEMBERS, MEMBERS, st.booleans(), st.booleans())
@settings(max_examples=300, deadline=None)
def test_from_any_state_one_application_is_enough(state, members, configured, bridge_up, service_on):
    facts = mac1(**state)
    bridge = Bridge("bridge0", bridge_up, members, configured, Service("Thunderbolt Bridge", service_on, "dhcp"))
    ports = tuple(replace(port, bridge="bridge0" if port.device in members else "") for port in facts.ports)
    facts = replace(facts, ports=ports, bridges=(bridge,) if set(members + configured) & set(ALL_PORTS) else ())
    steps = diff_host(facts, WANT)
    after = foresee(facts, steps)
    assert diff_host(after, WANT) == ()
    before_text, after_text = before_after(facts, WANT, diff_host(facts, WANT))
    assert (before_text != after_text) == bool(steps)
    assert "en2" not in [member for left in after.bridges for member in left.members + left.configured]
    assert "tap0" not in [step.device for step in steps]
    theirs = [service for service in facts.ports[0].services if service.name != OURS]
    assert [service for service in after.ports[0].services if service.name != OURS] == theirs
