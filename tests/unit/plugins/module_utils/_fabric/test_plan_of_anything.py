# SPDX-License-Identifier: Apache-2.0
"""Facts may come from anywhere. Whatever is in them, there is a sound plan or an error that a person can read."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import PlanError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Bridge, Nic, Peer, Service, WantPort
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.picture import WIDTH, cables_picture, plan_table
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.plan import PlanOptions, make_plan
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.plugins.module_utils._fabric.racks import MESH_OF_FOUR, PAIR_TWO_CABLES, names, rack

TEXTS = ["", "mac1", "mac2", "en2", "en3", "bridge0", "0x1", "10.77.0.1/30", "0.0.0.0/0", "10.77.0.0/16", "x\n\x1b[2Jy"]
TEXTS += ["00000001-0000-4000-8000-000000000101", "00000001-0000-4000-8000-000000000201", "\u2028", "\ud800", "é" * 300]
text = st.sampled_from(TEXTS)
number = st.sampled_from([0, 1, 2, 3, -1, 40, 80, 10**6])
service = st.builds(
    Service,
    text,
    st.booleans(),
    st.sampled_from(["manual", "dhcp", "off", "?"]),
    text,
    text,
    text,
    st.just(("x",)),
    text,
)
services = st.lists(service, max_size=2).map(tuple)
peer = st.builds(Peer, st.sampled_from(["host", "device", "?"]), text, text, text, st.booleans(), number)
want = st.builds(WantPort, number, text, text, number, text, text, text, text, number, text, number)
PORT = {
    "receptacle": number,
    "device": text,
    "uid": text,
    "domain_uuid": text,
    "speed_gbps": number,
    "capable_gbps": number,
    "peers": st.lists(peer, max_size=3).map(tuple),
    "bridge": text,
    "up": st.booleans(),
    "addresses": st.lists(text, max_size=2).map(tuple),
    "service": st.none() | service,
    "services": services,
    "lease": text,
}
HOST = {
    "system": st.sampled_from(["macos", "linux", "", "x\n"]),
    "model": text,
    "os_version": text,
    "os_build": text,
    "bridges": st.lists(st.builds(Bridge, text, st.booleans(), st.just(()), st.just(()), st.none() | service)).map(
        tuple
    ),
    "nics": st.lists(st.builds(Nic, text, text), max_size=2).map(tuple),
    "routes": st.lists(st.tuples(text, text), max_size=3).map(tuple),
    "applied": st.lists(want, max_size=3).map(tuple),
}


@st.composite
def odd_racks(draw):
    cables = draw(st.sampled_from([MESH_OF_FOUR, PAIR_TWO_CABLES, []]))
    facts = rack(names(4), cables)
    for _change in range(draw(st.integers(1, 6))):
        host = draw(st.sampled_from(list(facts)))
        name = draw(st.sampled_from([*HOST, *PORT]))
        if name in HOST:
            facts[host] = replace(facts[host], **{name: draw(HOST[name])})
        else:
            ports = list(facts[host].ports)
            place = draw(st.integers(0, 3))
            ports[place] = replace(ports[place], **{name: draw(PORT[name])})
            facts[host] = replace(facts[host], ports=tuple(ports))
    return facts


def assert_readable(words):
    assert words.isprintable() and words == words.strip() and words


@given(
    odd_racks(),
    st.sampled_from(["auto", "mesh", "ring"]),
    st.booleans(),
    st.sampled_from(["10.77.0.0/16", "10.0.0.0/8"]),
)
@settings(max_examples=300, deadline=None)
def test_a_sound_plan_or_an_error_that_can_be_read(facts, shape, strict, pool):
    try:
        plan = make_plan(facts, PlanOptions(pool=pool, shape=shape, strict=strict))
    except PlanError as error:
        assert_readable(error.one_line())
        assert all(len(line) <= WIDTH for line in error.picture.splitlines()) and error.picture
        return
    assert len({link.network for link in plan.links}) == len(plan.links)
    ends = [(end.host, end.receptacle) for link in plan.links for end in (link.a, link.b)]
    assert len(ends) == len(set(ends))
    for warning in plan.warnings:
        assert_readable(warning)
    for line in (cables_picture(plan) + "\n" + plan_table(plan)).splitlines():
        assert len(line) <= WIDTH
