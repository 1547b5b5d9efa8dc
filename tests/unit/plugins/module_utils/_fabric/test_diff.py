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
    return free(addresses=("10.77.1.1/30",), service=service)


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
    )
    after = foresee(mac1(), steps)
    assert after.bridges == ()
    assert after.ports[0].addresses == ("10.77.1.1/30",)
    assert diff_host(after, WANT) == ()


def test_nothing_to_do():
    assert diff_host(done(), WANT) == ()
    before, after = before_after(done(), WANT)
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
        ({"service": Service("Cable", True, "dhcp")}, [kinds.SET_MANUAL]),
        ({"service": Service("Cable", True, "manual", "10.77.1.5", MASK)}, [kinds.SET_MANUAL]),
        ({"service": Service("Cable", True, "manual", "10.77.1.1", "255.255.255.0")}, [kinds.SET_MANUAL]),
        (
            {"service": Service("Cable", False, "manual", "10.77.1.1", MASK), "addresses": ()},
            [kinds.SET_MANUAL, kinds.ENABLE_SERVICE],
        ),
        ({"service": None}, [kinds.CREATE_SERVICE, kinds.SET_MANUAL]),
        ({"addresses": ()}, [kinds.SET_MANUAL]),  # configured, but not in force although there is a link
        ({"addresses": (), "up": False}, []),  # macOS keeps the address back until there is a link
        ({"addresses": ("10.77.1.1/30", "169.254.3.4/16")}, []),
        ({"addresses": ("10.77.1.1/30", "192.168.0.1/30")}, [kinds.REMOVE_ADDRESS]),  # left behind by another tool
        ({"addresses": ("192.168.0.1/30",)}, [kinds.REMOVE_ADDRESS, kinds.SET_MANUAL]),
    ],
)
def test_what_a_port_lacks(changes, expected):
    facts = replace(
        done(), ports=tuple(replace(port, **changes) if port.device == "en2" else port for port in done().ports)
    )
    steps = diff_host(facts, WANT)
    assert kinds_of(steps) == expected
    assert diff_host(foresee(facts, steps), WANT) == ()


def test_the_service_that_the_port_has_is_used_whatever_its_name():
    steps = diff_host(free(service=Service("Büro (alt)", True, "dhcp")), WANT)
    assert [(step.kind, step.service) for step in steps] == [(kinds.SET_MANUAL, "Büro (alt)")]


def test_other_ports_and_interfaces_are_never_named():
    touched = {step.device for step in diff_host(done(), WANT)} | {step.device for step in diff_host(free(), WANT)}
    assert touched <= {"en2"}


def linux(**changes):
    port = Port(1, "thunderbolt0", "u/1", "U", peers=(Peer("host", "x"),), up=True)
    facts = HostFacts("linux", "l", "NUC", "12", "6.1", (replace(port, **changes),), nics=(Nic("eno1", "10.0.0.1/24"),))
    return facts, HostPlan("l", (WantPort(1, "thunderbolt0", "10.77.1.1", 30, "mac2", "10.77.1.2", "-"),))


def test_linux_gets_and_loses_addresses():
    facts, want = linux(addresses=("10.77.9.1/30", "169.254.1.1/16"))
    steps = diff_host(facts, want)
    assert steps == (
        Step(kinds.REMOVE_ADDRESS, device="thunderbolt0", address="10.77.9.1", prefix=30),
        Step(kinds.ADD_ADDRESS, device="thunderbolt0", address="10.77.1.1", prefix=30),
    )
    assert diff_host(foresee(facts, steps), want) == ()


def test_a_linux_bridge_lets_the_port_go_and_stays():
    facts, want = linux(bridge="br0")
    facts = replace(facts, bridges=(Bridge("br0", True, ("eno1", "thunderbolt0")),))
    steps = diff_host(facts, want)
    assert kinds_of(steps) == [kinds.RELEASE_PORT_FROM_BRIDGE, kinds.ADD_ADDRESS]
    assert diff_host(foresee(facts, steps), want) == ()


def test_an_old_plan_is_refused():
    want = HostPlan("mac1", (replace(WANT.ports[0], device="en9"),))
    with pytest.raises(TopologyError, match="mac1 has no Thunderbolt 1 with the interface en9"):
        diff_host(done(), want)


def test_the_text_for_diff_shows_the_change_and_not_more():
    before, after = before_after(mac1(), WANT)
    assert "bridge0: members en2 en3 en4 en5, service on\n" in before
    assert "Thunderbolt 1 (en2): in bridge0\n" in before
    assert "bridge0" not in after
    assert "Thunderbolt 1 (en2): addresses 10.77.1.1/30\n" in after
    assert "Thunderbolt 2" not in before + after


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_step_has_a_sentence(kind):
    step = Step(kind, "en2", "bridge0", "Cable", "Thunderbolt 1", "10.77.1.1", 30, MASK, ("tap0", "en9"))
    sentence = step.describe()
    assert "{" not in sentence and any(word in sentence for word in ("en2", "bridge0", "Cable"))


PORT_STATES = st.fixed_dictionaries(
    {
        "up": st.booleans(),
        "addresses": st.lists(
            st.sampled_from(["10.77.1.1/30", "10.77.9.1/30", "169.254.7.7/16", "192.168.0.1/30"]),
            max_size=3,
            unique=True,
        ).map(tuple),
        "service": st.none()
        | st.builds(
            Service,
            st.just("Cable"),
            st.booleans(),
            st.sampled_from(["manual", "dhcp", "off", "other"]),
            st.sampled_from(["", "10.77.1.1", "10.77.9.1"]),
            st.sampled_from(["", MASK]),
        ),
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
    before_text, after_text = before_after(facts, WANT)
    assert (before_text != after_text) == bool(steps)
    assert "en2" not in [member for left in after.bridges for member in left.members + left.configured]
    assert "tap0" not in [step.device for step in steps]
