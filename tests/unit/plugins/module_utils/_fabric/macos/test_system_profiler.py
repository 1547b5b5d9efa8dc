# SPDX-License-Identifier: Apache-2.0
"""What is plugged into which receptacle."""

from __future__ import annotations

import json

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import ParseError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.macos.system_profiler import (
    parse_system_profiler,
)
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Peer
from unit.plugins.module_utils._fabric.recordings import all_captures, capture, own

COMMAND = "system_profiler-json"


def by_number(text):
    return {receptacle.number: receptacle for receptacle in parse_system_profiler(text).receptacles}


def test_every_kind_of_receptacle_of_our_own_recording():
    ports = by_number(own("mac_studio", "system_profiler.txt"))
    assert list(ports) == [1, 2, 3, 4]
    assert [ports[number].speed_gbps for number in ports] == [80, 80, 0, 0]
    assert [ports[number].capable_gbps for number in ports] == [0, 0, 120, 120]
    assert ports[1].uid == "0x05ac0b0b0b0b0b00"
    assert ports[1].domain_uuid == "B0000001-1111-4222-8333-000000000001"
    assert ports[1].peers == (
        Peer("host", "Mac Studio", "Mac16,9", "A0000001-1111-4222-8333-000000000001", rdma_service=True),
    )
    assert ports[2].peers == (
        Peer("device", "Desk Hub"),
        Peer("host", "Mac mini", "Mac16,11", "C0000001-1111-4222-8333-000000000001", rdma_service=False, depth=1),
    )
    assert ports[3].peers == ports[4].peers == ()


def test_the_two_ends_of_a_real_cable_name_each_other():
    laptop = by_number(capture(COMMAND, "m5max-mbp"))[1]
    studio = by_number(capture(COMMAND, "m3ultra-studio"))[2]
    assert laptop.peers[0].domain_uuid == studio.domain_uuid
    assert studio.peers[0].domain_uuid == laptop.domain_uuid
    assert (laptop.speed_gbps, studio.speed_gbps) == (80, 80)
    assert (laptop.peers[0].rdma_service, studio.peers[0].rdma_service) == (False, True)


def test_a_real_studio_with_a_drive_on_one_port():
    ports = by_number(capture(COMMAND, "m3ultra-studio"))
    assert sorted(ports) == [1, 2, 3, 4, 5, 6]
    assert [peer.kind for peer in ports[4].peers] == ["device"]
    assert ports[2].uid == "0x05ac714e4abe9811"


def test_a_display_of_apple_is_not_a_mac():
    ports = by_number(capture(COMMAND, "m4pro-mini"))
    assert ports[3].peers == (Peer("device", "Studio Display"),)
    assert (ports[2].speed_gbps, ports[2].peers[0].model, ports[2].peers[0].rdma_service) == (40, "Mac17,6", True)


@pytest.mark.parametrize("path", all_captures(COMMAND))
def test_every_capture_is_understood(path):
    parsed = parse_system_profiler(path.read_text(encoding="utf-8"))
    assert parsed.warnings == ()
    assert parsed.receptacles or "no_hardware" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "text",
    [
        '{"SPThunderboltDataType" : [ { "Thunderbolt" : "no_hardware" } ]}',
        '{"SPThunderboltDataType" : []}',
        "{}",
    ],
)
def test_a_computer_without_thunderbolt_has_no_receptacles(text):
    assert parse_system_profiler(text).receptacles == ()


@pytest.mark.parametrize(
    "text", ["", "system_profiler: timed out", "[]", '{"SPThunderboltDataType": 3}', '{"SPThunderboltDataType": ["x"]}']
)
def test_anything_else_is_an_error(text):
    with pytest.raises(ParseError, match="system_profiler: not"):
        parse_system_profiler(text)


def intel_bus(items, *connected):
    tags = {
        f"receptacle_{index}_tag": {
            "current_speed_key": "40 Gb/s" if index in connected else "Up to 40 Gb/s x1",
            "receptacle_id_key": str(index),
            "receptacle_status_key": "receptacle_connected"
            if index in connected
            else "receptacle_no_devices_connected",
        }
        for index in (1, 2)
    }
    bus = {"_name": "thunderbolt_bus_0", "_items": items, "switch_uid_key": "0x0001AA", "domain_uuid_key": "u", **tags}
    return json.dumps({"SPThunderboltDataType": [bus]})


MAC = {"_name": "Mac Pro", "device_name_key": "MacPro7,1", "domain_uuid_key": "d1"}


def test_an_intel_bus_has_two_receptacles_with_identities_of_their_own():
    ports = by_number(intel_bus([MAC], 2))
    assert (ports[1].peers, [peer.name for peer in ports[2].peers]) == ((), ["Mac Pro"])
    assert ports[1].uid != ports[2].uid
    assert (ports[1].capable_gbps, ports[2].speed_gbps) == (40, 40)


def test_an_intel_bus_with_both_receptacles_in_use_is_not_believed_silently():
    parsed = parse_system_profiler(intel_bus([MAC, dict(MAC, domain_uuid_key="d2")], 1, 2))
    assert [len(receptacle.peers) for receptacle in parsed.receptacles] == [1, 1]
    assert "does not say what hangs on which" in parsed.warnings[0]


def test_missing_keys_cost_no_more_than_they_must():
    peer = {"_name": "Mac Studio", "device_name_key": "Mac15,14", "services_title": [{"protocol_id_key": 1}]}
    bus = {
        "receptacle_1_tag": {"receptacle_id_key": "1", "receptacle_status_key": "receptacle_connected"},
        "_items": [peer],
    }
    parsed = parse_system_profiler(json.dumps({"SPThunderboltDataType": [bus, {"_name": "bus_9"}]}))
    assert parsed.receptacles[0].peers[0].kind == "host"
    assert (parsed.receptacles[0].uid, parsed.receptacles[0].domain_uuid) == ("", "")
    assert "bus_9 has no receptacle number" in parsed.warnings[0]
