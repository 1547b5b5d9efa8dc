# SPDX-License-Identifier: Apache-2.0
"""What the system makes of a step, where it is not obvious."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import steps as kinds
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.foresee import foresee
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Service
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.steps import Step
from unit.plugins.module_utils._fabric.racks import PAIR, change_port, names, port_of, rack

MASK = "255.255.255.252"
SET = Step(kinds.SET_MANUAL, device="en2", service="Cable", address="10.77.1.1", prefix=30, netmask=MASK)


def host(**changes):
    facts = rack(names(2), PAIR)
    port = replace(port_of(facts, "mac1", 1), service=Service("Cable", True, "dhcp"))
    change_port(facts, "mac1", replace(port, **changes))
    return facts["mac1"]


def addresses(facts):
    return facts.ports[0].addresses


def test_a_port_without_bridge_and_with_a_link_gets_its_address():
    assert addresses(foresee(host(bridge=""), [SET])) == ("10.77.1.1/30",)


@pytest.mark.parametrize(
    "changes",
    [{"bridge": "bridge0"}, {"bridge": "", "up": False}, {"bridge": "", "service": Service("Cable", False, "dhcp")}],
)
def test_any_other_port_is_configured_and_has_no_address(changes):
    after = foresee(host(**changes), [SET])
    assert addresses(after) == ()
    assert after.ports[0].service.address == "10.77.1.1"


def test_enabling_the_service_puts_the_address_on():
    facts = host(bridge="", service=Service("Cable", False, "manual", "10.77.1.1", MASK))
    assert addresses(foresee(facts, [Step(kinds.ENABLE_SERVICE, service="Cable", device="en2")])) == ("10.77.1.1/30",)


def test_a_bridge_lives_until_it_is_neither_running_nor_configured():
    facts = host()
    released = [
        Step(kinds.RELEASE_PORT_FROM_BRIDGE, bridge="bridge0", device=device) for device in ("en2", "en3", "en4", "en5")
    ]
    between = foresee(facts, released)
    assert [(bridge.members, len(bridge.configured)) for bridge in between.bridges] == [((), 4)]
    assert {port.bridge for port in between.ports} == {""}
    assert foresee(between, [Step(kinds.FORGET_BRIDGE, bridge="bridge0")]).bridges == ()
