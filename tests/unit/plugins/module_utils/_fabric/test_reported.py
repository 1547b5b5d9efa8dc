# SPDX-License-Identifier: Apache-2.0
"""What hosts report of addresses and services may be odd: planning ends only with an error that names the place."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import AddressError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Nic, Service
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.plan import PlanOptions, make_plan
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.plugins.module_utils._fabric.racks import PAIR, change_port, hold, names, port_of, rack

ODD = [
    "",
    "0.0.0.0",
    "255.255.255.255",
    "1.2.3",
    "a.b.c.d",
    "10.0.0.1/33",
    "fe80::1/64",
    "::1",
    "10.77.0.1/",
    "/",
    "1/2/3",
]
ODD += [
    "10.77.0.1/255.0.255.0",
    "10.77.0.1/0.0.0.3",
    "10.77.0.1/-1",
    "10.77.0.1/\u0663",
    "9" * 5000,
    "10.0.0.1/" + "9" * 5000,
]
ODD += ["\ud800", "\x00", "10.77.0.1/30\n", " 10.77.0.1/30", "10.77.0.01/30", "10.77.0.1/31", "10.77.0.1/32", "default"]


@given(st.lists(st.one_of(st.sampled_from(ODD), st.text(max_size=20)), min_size=6, max_size=6), st.booleans())
@settings(max_examples=300, deadline=None)
def test_nothing_that_a_host_reports_ends_planning_but_an_error_that_names_it(odd, planned):
    facts = rack(names(2), PAIR)
    service = Service(odd[0], True, "manual", odd[1], odd[2])
    receptacle = 1 if planned else 3
    port = port_of(facts, "mac2", receptacle)
    change_port(facts, "mac2", replace(port, service=service, services=(service,), addresses=(odd[3], odd[4])))
    nics = (*facts["mac2"].nics, Nic(odd[5], odd[3]))
    facts["mac2"] = replace(facts["mac2"], nics=nics, routes=((odd[4], odd[5]), (odd[2], "en9")))
    try:
        plan = make_plan(facts, PlanOptions())
    except AddressError as error:
        assert "mac2" in error.message
    else:
        assert len(plan.links) == 1


@pytest.mark.parametrize("mask", ["255.0.255.0", "0.0.0.3", "255.255.255.256", "33", "-1", "x"])
def test_an_odd_mask_names_host_port_and_service_and_what_to_type(mask):
    facts = rack(names(2), PAIR)
    hold(facts, "mac2", 1, "192.168.7.1", mask)
    with pytest.raises(AddressError) as caught:
        make_plan(facts, PlanOptions())
    assert caught.value.one_line() == (
        f"mac2, Thunderbolt 1 (en2): the service 'mine' has the netmask '{mask}', which is none: "
        "on mac2 type: sudo networksetup -setdhcp 'mine'"
    )


def test_an_odd_mask_on_a_port_that_is_not_planned_is_a_warning():
    facts = rack(names(2), PAIR)
    hold(facts, "mac2", 3, "192.168.7.1", "255.0.255.0")
    plan = make_plan(facts, PlanOptions())
    assert plan.links[0].network and any(
        "mac2, Thunderbolt 3 (en4): the service 'mine' has the netmask '255.0.255.0', which is none" in warning
        for warning in plan.warnings
    )


def test_a_command_to_type_is_quoted_or_not_given():
    facts = rack(names(2), PAIR)
    for name, words in (("Bob's", "-setdhcp 'Bob'\\''s'"), ("a\nb", "set it right or remove it on mac2")):
        service = Service(name, True, "manual", "none", "")
        change_port(facts, "mac2", replace(port_of(facts, "mac2", 1), service=service))
        with pytest.raises(AddressError) as caught:
            make_plan(facts, PlanOptions())
        assert words in caught.value.hint and "\n" not in caught.value.one_line()
