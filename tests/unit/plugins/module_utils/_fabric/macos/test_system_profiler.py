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


def one_bus(**changes):
    tag = {"receptacle_id_key": "2", "receptacle_status_key": "receptacle_connected", "current_speed_key": "80 Gb/s"}
    bus = {"_name": "bus_1", "receptacle_1_tag": tag, "domain_uuid_key": "AB-1", "switch_uid_key": "0x05AC01"}
    tag.update({key: value for key, value in changes.items() if key in ("receptacle_id_key", "current_speed_key")})
    bus.update({key: value for key, value in changes.items() if key not in tag})
    return parse_system_profiler(json.dumps({"SPThunderboltDataType": [bus]}))


@pytest.mark.parametrize("number", ["²", "٣", "9" * 5000, "-1", "0", "2.0", "", None, True, [], {}])
def test_a_number_that_is_none_is_no_receptacle(number):
    parsed = one_bus(receptacle_id_key=number)
    assert parsed.receptacles == () and "bus_1 has no receptacle number" in parsed.warnings[0]


def test_a_number_may_be_a_number():
    assert [receptacle.number for receptacle in one_bus(receptacle_id_key=2).receptacles] == [2]


@pytest.mark.parametrize(
    "speed, link, capable",
    [
        ("80 Gb/s", 80, 0),
        ("Up to 120 Gb/s", 0, 120),
        ("Up to 40 Gb/s x1", 0, 40),
        ("40,0 Gbit/s", 40, 0),
        ("Bis zu 80 Gb/s", 0, 80),
        ("²0 Gb/s", 0, 0),
        ("9" * 5000 + " Gb/s", 0, 0),
        ("", 0, 0),
        (7, 0, 0),
    ],
)
def test_speeds(speed, link, capable):
    (receptacle,) = one_bus(current_speed_key=speed).receptacles
    assert (receptacle.speed_gbps, receptacle.capable_gbps) == (link, capable)


def test_a_receptacle_that_two_buses_claim_is_refused():
    bus = {"receptacle_1_tag": {"receptacle_id_key": "1"}}
    with pytest.raises(ParseError, match="receptacle 1 is listed twice"):
        parse_system_profiler(json.dumps({"SPThunderboltDataType": [bus, bus]}))


IP = {"_name": "service_ip", "protocol_id_key": 1}


@pytest.mark.parametrize(
    "services, offers",
    [
        ([IP], False),
        ([{"_name": "service_ip"}], False),
        ([IP, {"_name": "unknown_xd_service", "protocol_id_key": 64087}], True),
        ([IP, {"_name": "unknown_xd_service", "protocol_id_key": "0xFA57"}], True),
        ([IP, {"_name": "unknown_xd_service", "service_key_key": "rdma"}], True),
        ([IP, {"_name": "unknown_xd_service", "protocol_id_key": 7}], False),
        ([IP, {"_name": "unknown_xd_service"}], None),
        ([IP, {"_name": "unknown_xd_service", "protocol_id_key": "²"}], None),
        ([], None),
        (None, None),
        ("service_ip", None),
    ],
)
def test_whether_a_peer_offers_rdma(services, offers):
    peer = {"_name": "Mac", "device_name_key": "Mac15,14", "domain_uuid_key": "d", "services_title": services}
    (receptacle,) = one_bus(_items=[peer]).receptacles
    assert receptacle.peers[0].rdma_service is offers


def test_a_peer_behind_many_hubs_is_found_and_behind_endless_ones_is_an_error():
    def behind(hubs):
        item = {"_name": "Mac", "domain_uuid_key": "d"}
        for _ in range(hubs):
            item = {"_name": "hub", "_items": [item]}
        return one_bus(_items=[item]).receptacles[0].peers

    assert [peer.kind for peer in behind(6)] == ["device"] * 6 + ["host"]
    with pytest.raises(ParseError, match="nested too deeply"):
        behind(100)


def test_an_intel_hub_keeps_what_hangs_on_it():
    hub = {"_name": "hub", "_items": [MAC]}
    ports = by_number(intel_bus([hub, {"_name": "drive"}], 1, 2))
    assert [[peer.name for peer in ports[number].peers] for number in (1, 2)] == [["hub", "Mac Pro"], ["drive"]]
