# SPDX-License-Identifier: Apache-2.0
"""What a host may be asked for besides its cables."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import TopologyError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import HostPlan, WantPort
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.options import Options, wishes_of
from unit.plugins.module_utils._fabric.racks import PAIR, names, rack

WANT = HostPlan("mac1", (WantPort(1, "en2", "10.77.1.1", 30, "mac2", "10.77.1.2", "Boltloom Thunderbolt 1"),))
MAC = replace(rack(names(2), PAIR)["mac1"], memory_bytes=512 << 30)


def wanted(**options):
    return {wish.thing: wish.value for wish in wishes_of(Options(**options), MAC, WANT)}


def test_nothing_is_on_unless_somebody_says_so():
    assert wanted() == {}


def test_all_of_them():
    assert wanted(mtu=9000, no_sleep=True, wired_reserve_gb=16, firewall_programs=("/usr/bin/python3",)) == {
        "mtu:en2": 9000,
        "sleep:": 0,
        "wired:": (512 - 16) << 10,
        "firewall:/usr/bin/python3": "allow",
    }


def test_a_linux_host_has_only_the_mtu():
    linux = replace(MAC, system="linux", manager="none")
    mac = next(port.mac for port in MAC.ports if port.device == "en2")
    assert [wish.thing for wish in wishes_of(Options(mtu=9000, no_sleep=True), linux, WANT)] == ["mtu:" + mac]
    now, kept = wishes_of(Options(mtu=9000), replace(linux, manager="networkd"), WANT)
    assert (now.value, kept.thing) == (9000, "file:/etc/udev/rules.d/81-boltloom-mtu-1.rules")
    assert f'ATTR{{address}}=="{mac}", ATTR{{mtu}}="9000"' in base64.b64decode(kept.value["data"]).decode()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mtu": 20}, "an MTU of 20 is none"),
        ({"mtu": 70000}, "an MTU of 70000 is none"),
        ({"wired_reserve_gb": 512}, "a reserve of 512 GB leaves nothing of the 512 GB"),
        ({"firewall_programs": ("python3",)}, "the full path of a program, not 'python3'"),
    ],
)
def test_what_makes_no_sense_is_refused(options, words):
    with pytest.raises(TopologyError, match=words):
        wanted(**options)
