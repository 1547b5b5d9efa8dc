# SPDX-License-Identifier: Apache-2.0
"""Nouns to JSON and back."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import fields, replace

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import codec
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.doors import DOORS
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import ParseError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Gid, RdmaDevice, RdmaFacts, Service
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.plan import PlanOptions, make_plan
from unit.plugins.module_utils._fabric.racks import MESH_OF_FOUR, change_port, names, port_of, rack

FACTS = rack(names(4), MESH_OF_FOUR)


def through_json(data):
    return json.loads(json.dumps(data))


def test_facts_survive_json():
    change_port(FACTS, "mac1", replace(port_of(FACTS, "mac1", 4), service=Service("x", True, "manual", "10.0.0.1")))
    assert codec.facts_from_dict(through_json(codec.facts_to_dict(FACTS["mac1"]))) == FACTS["mac1"]


def test_a_plan_survives_json():
    plan = make_plan(FACTS, PlanOptions())
    assert codec.plan_from_dict(through_json(codec.plan_to_dict(plan))) == plan


def test_rdma_facts_survive_json():
    facts = RdmaFacts("enabled", (RdmaDevice("rdma_en2", 1, True, (Gid(0, "fe80::1"),)),), "ready", "active", ("x",))
    assert codec.rdma_from_dict(through_json(codec.rdma_to_dict(facts))) == facts


def changed(**changes):
    return dict(codec.facts_to_dict(FACTS["mac1"]), **changes)


@pytest.mark.parametrize(
    "data, words",
    [
        ([], "facts: expected a dictionary, found list"),
        (changed(schema=2), "facts: schema 2 is not known"),
        ({"system": "macos"}, "facts: schema None is not known"),
        ({"schema": 1, "system": "macos"}, "facts: 'hostname' is missing"),
        (changed(hostname=3), "facts.hostname: expected str, found 3"),
        (changed(ports={}), "facts.ports: expected a list, found {}"),
        (changed(ports=[{"receptacle": "1"}]), r"facts.ports\[0\].receptacle: expected int, found '1'"),
        (changed(ports=[{"receptacle": True}]), r"facts.ports\[0\].receptacle: expected int, found True"),
        (changed(ports=["en2"]), r"facts.ports\[0\]: expected a dictionary, found 'en2'"),
        (changed(routes=[["10.0.0.0/8"]]), r"facts.routes\[0\]: expected a list of 2"),
    ],
)
def test_wrong_data_is_one_line_with_the_place(data, words):
    with pytest.raises(ParseError, match=words) as caught:
        codec.facts_from_dict(data)
    assert "\n" not in caught.value.one_line()


def test_what_a_newer_copy_added_is_passed_over():
    assert codec.facts_from_dict(changed(later_addition=1)) == FACTS["mac1"]


def with_port(**changes):
    data = codec.facts_to_dict(FACTS["mac1"])
    data["ports"][2] = dict(data["ports"][2], **changes)
    return data


SERVICE = {"name": "x", "enabled": True, "method": "manual"}


@pytest.mark.parametrize(
    "data, words",
    [
        (with_port(addresses=["10.0.0.1/33"]), "ports[2].addresses[0]: expected an address with its length"),
        (with_port(addresses=["10.0.0.1/30", "1.2.3.4.5/8"]), "ports[2].addresses[1]: expected an address"),
        (with_port(addresses=None), "ports[2].addresses: expected a list, found None"),
        (with_port(addresses=["10.0.0.1/²"]), "ports[2].addresses[0]: expected an address"),
        (with_port(receptacle=0), "ports[2].receptacle: expected a number from 1 to 9999, found 0"),
        (with_port(receptacle=10**4999), "ports[2].receptacle: expected a number of 64 bits, found a number of more"),
        (with_port(receptacle=1.0), "ports[2].receptacle: expected int, found 1.0"),
        (with_port(mtu=float("inf")), "ports[2].mtu: expected int, found inf"),
        (with_port(device="-f"), "ports[2].device: expected the name of an interface or nothing, found '-f'"),
        (with_port(device="en2 up"), "ports[2].device: expected the name of an interface"),
        (with_port(uid="a b"), "ports[2].uid: expected a uid or UUID"),
        (with_port(mac="x"), "ports[2].mac: expected a MAC address"),
        (
            with_port(service=dict(SERVICE, name="a\nb")),
            "ports[2].service.name: expected the name of a network",
        ),
        (with_port(service=dict(SERVICE, netmask="255.0.255.0")), "ports[2].service.netmask: expected a netmask"),
        (with_port(service=dict(SERVICE, method="x")), "ports[2].service.method: expected one of manual, dhcp"),
        (
            with_port(services=[SERVICE, dict(SERVICE, dns=["x"])]),
            "ports[2].services[1].dns[0]: expected an IP address",
        ),
        (with_port(peers=[{"kind": "dock", "name": "x"}]), "ports[2].peers[0].kind: expected one of host, device"),
        (
            with_port(peers=[{"kind": "host", "name": "\ud800"}]),
            "ports[2].peers[0].name: expected a text, found",
        ),
        (
            changed(routes=[["10.0.0.0/8", "en0"], ["10.0.0.0/33", "en0"]]),
            "routes[1]: expected a network and an interface",
        ),
        (changed(system="windows"), "system: expected one of macos, linux, found 'windows'"),
        (changed(ports=[[[[]]]]), "ports[0]: expected a dictionary, found a list of 1"),
        (changed(nics=[{"device": "en0", "address": "none"}]), "nics[0].address: expected an address"),
        (changed(applied=[{"prefix": 33}]), "applied[0]: 'receptacle' is missing"),
    ],
)
def test_values_that_cannot_be_are_one_line_with_the_place(data, words):
    with pytest.raises(ParseError) as caught:
        codec.facts_from_dict(data)
    line = caught.value.one_line()
    assert line.startswith("facts." + words) and line.isprintable() and len(line) < 250


def test_a_prefix_of_33_names_the_port_of_the_plan():
    data = codec.plan_to_dict(make_plan(FACTS, PlanOptions()))
    data["hosts"][1]["ports"][2]["prefix"] = 33
    with pytest.raises(
        ParseError, match=r"^plan.hosts\[1\].ports\[2\].prefix: expected a number from 0 to 32, found 33$"
    ):
        codec.plan_from_dict(data)


@pytest.mark.parametrize("schema", [True, 1.0, "1", None, [], 10**5000], ids=lambda value: type(value).__name__)
def test_a_schema_is_a_number(schema):
    with pytest.raises(ParseError, match="facts: schema .* is not known"):
        codec.facts_from_dict(changed(schema=schema))


def test_nesting_without_end_is_one_line():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    for value in (changed(ports=deep), changed(hostname=deep), changed(later_addition=deep)):
        with contextlib.suppress(ParseError):
            codec.facts_from_dict(value)


@pytest.mark.slow
def test_a_million_elements_are_read_in_time_in_proportion():
    begin = time.process_time()
    with pytest.raises(ParseError, match=r"facts.warnings\[999999\]: expected str, found 7"):
        codec.facts_from_dict(changed(warnings=["x"] * 999_999 + [7]))
    assert time.process_time() - begin < 20


def test_every_door_is_that_of_a_field():
    for kind, doors in DOORS.items():
        assert set(doors) <= {field.name for field in fields(kind)}, kind
