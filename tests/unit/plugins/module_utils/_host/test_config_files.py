# SPDX-License-Identifier: Apache-2.0
"""Our own files on a Linux host: written whole, told to their manager, brought back byte by byte."""

from __future__ import annotations

import os
import stat

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import steps as kinds
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.linux.keep import connection_uuid, own_path
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.steps import Step
from ansible_collections.boltloom.cluster.plugins.module_utils._host import config_files, steps_linux
from ansible_collections.boltloom.cluster.plugins.module_utils._host.commands import HostError
from ansible_collections.boltloom.cluster.plugins.module_utils._host.target import Target

MAC = "02:71:5e:00:aa:bb"
NAS = "0d2c3b4a-1111-4222-8333-444455556666"
RELOADS = {"networkmanager": [["nmcli", "connection", "reload"]], "networkd": [["networkctl", "reload"]], "udev": []}


@pytest.fixture
def target(run, tmp_path):
    (tmp_path / "sys/class/net/thunderbolt1").mkdir(parents=True)
    (tmp_path / "sys/class/net/thunderbolt1/device").symlink_to("../../../0-1.0")
    bridge = f'{{"ifname": "br0", "address": "{MAC}", "flags": ["UP", "LOWER_UP"]}}'
    port = bridge.replace("br0", "thunderbolt1")
    run.answer("ip -j address show", stdout=f"[{bridge}, {port}]")
    return Target(run, str(tmp_path))


def changes(run):
    return [argv for argv in run.asked if argv[:3] != ["ip", "-j", "address"] and "-t" not in argv]


@pytest.mark.parametrize("manager", RELOADS)
def test_a_file_is_written_and_its_manager_told_and_brought_back_with_mode_and_owner(manager, target, run, tmp_path):
    path = own_path(manager, 1)
    place = tmp_path / path.lstrip("/")
    assert config_files.read_file(path, target) is None
    config_files.write_config(Step(kinds.WRITE_CONFIG, path=path, text="ours\n"), target)
    mode = 0o600 if manager == "networkmanager" else 0o644
    assert (place.read_text(), stat.S_IMODE(place.stat().st_mode)) == ("ours\n", mode)
    place.write_bytes(b"\xff\x00 older")
    place.chmod(0o640)
    before = config_files.read_file(path, target)
    config_files.write_config(Step(kinds.WRITE_CONFIG, path=path, text="newer\n"), target)
    config_files.write_file(path, before, target)
    assert (place.read_bytes(), stat.S_IMODE(place.stat().st_mode)) == (b"\xff\x00 older", 0o640)
    config_files.write_file(path, None, target)
    config_files.remove_config(Step(kinds.REMOVE_CONFIG, path=path), target)  # twice does no harm
    assert list(place.parent.iterdir()) == []
    assert run.asked == 5 * RELOADS[manager]


def test_no_file_but_ours_is_ever_written(target):
    for path in ("/etc/passwd", "/etc/systemd/network/30-cables.network"):
        with pytest.raises(HostError, match="is none of our own files"):
            config_files.write_config(Step(kinds.WRITE_CONFIG, path=path, text="x"), target)
        with pytest.raises(HostError, match="is none of our own files"):
            config_files.remove_config(Step(kinds.REMOVE_CONFIG, path=path), target)


def test_a_link_in_the_place_of_our_new_file_is_not_followed(target, tmp_path):
    folder = tmp_path / "etc/udev/rules.d"
    folder.mkdir(parents=True)
    (folder / ".80-boltloom-thunderbolt-1.rules.new").symlink_to(tmp_path / "victim")
    with pytest.raises(HostError, match="cannot be written"):
        config_files.write_config(Step(kinds.WRITE_CONFIG, path=own_path("udev", 1), text="x"), target)
    assert not os.path.lexists(tmp_path / "victim")


def activation(manager):
    fields = {"device": "thunderbolt1", "address": "10.77.0.1", "prefix": 30, "mac": MAC}
    return Step(kinds.ACTIVATE_CONFIG, path=own_path(manager, 1), connection=connection_uuid(1), **fields)


def test_networkmanager_puts_our_connection_in_force(target, run):
    config_files.activate_config(activation("networkmanager"), target)
    up = ["nmcli", "--wait", "15", "connection", "up", "uuid", connection_uuid(1), "ifname", "thunderbolt1"]
    assert changes(run) == [["ip", "link", "set", "dev", "thunderbolt1", "up"], up]


def test_without_a_link_the_manager_is_left_to_wait_for_it(target, run, monkeypatch):
    monkeypatch.setattr(config_files, "CARRIER_SECONDS", 0.0)
    run.answer("ip -j address show", stdout='[{"ifname": "thunderbolt1", "flags": ["UP"]}]')
    config_files.activate_config(activation("networkmanager"), target)
    assert changes(run) == [["ip", "link", "set", "dev", "thunderbolt1", "up"]]


def test_networkd_puts_our_file_in_force(target, run):
    config_files.activate_config(activation("networkd"), target)
    assert changes(run)[-1] == ["networkctl", "reconfigure", "thunderbolt1"]


def connected(run, connection, kept=True):
    run.answer("nmcli -t -f DEVICE,STATE,CON-UUID device", stdout=f"thunderbolt1:connected:{connection}\n")
    folder = "/etc" if kept else "/run"
    run.answer("nmcli -t -f UUID,FILENAME connection show", stdout=f"{connection}:{folder}/NetworkManager/x\n")


def test_a_connection_is_found_by_the_mac_address_and_brought_back_there(target, run):
    """The bridge has borrowed the address, and the interface had another name before a reboot."""
    connected(run, NAS)
    before = config_files.read_connection(MAC, target)
    assert before == {"connection": NAS, "kept": True}
    config_files.write_connection(MAC, before, target)
    assert changes(run) == [["nmcli", "--wait", "15", "connection", "up", "uuid", NAS, "ifname", "thunderbolt1"]]


def test_a_user_s_connection_that_does_not_come_back_is_an_error_and_a_made_up_one_is_none(target, run):
    run.answer("nmcli --wait", stderr="Error: unknown connection.\n", rc=10)
    with pytest.raises(HostError, match="unknown connection"):
        config_files.write_connection(MAC, {"connection": NAS, "kept": True}, target)
    config_files.write_connection(MAC, {"connection": NAS, "kept": False}, target)


def test_a_made_up_connection_is_not_missed_unless_ours_is_in_its_place():
    made_up, nothing = {"connection": NAS, "kept": False}, {"connection": "", "kept": False}
    ours = {"connection": connection_uuid(1), "kept": True}
    assert config_files.same_connection(nothing, made_up)
    assert not config_files.same_connection(ours, made_up)
    assert not config_files.same_connection(nothing, {"connection": NAS, "kept": True})


def test_our_address_goes_wherever_the_interface_is_now_and_a_lease_is_nobody_s_setting(target, run):
    inet = [
        {"family": "inet", "local": "10.77.0.1", "prefixlen": 30},
        {"family": "inet", "local": "192.168.9.9", "prefixlen": 24, "dynamic": True},
        {"family": "inet", "local": "169.254.3.3", "prefixlen": 16},
    ]
    link = f'{{"ifname": "thunderbolt1", "address": "{MAC}", "flags": ["UP"], "addr_info": {str(inet)}}}'
    run.answer("ip -j address show", stdout=f"[{link}]".replace("'", '"').replace("True", "true"))
    name = f"{MAC} 10.77.0.1/30"
    assert steps_linux.read_address(name, target) is True
    assert steps_linux.read_address("02:00:00:00:00:01 10.77.0.1/30", target) is None
    steps_linux.write_address(name, False, target)
    assert changes(run) == [["ip", "address", "delete", "10.77.0.1/30", "dev", "thunderbolt1"]]
    assert steps_linux.read_interface("thunderbolt1", target)["addresses"] == ["10.77.0.1/30"]


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({}, True),
        ({"addresses": ["10.0.0.1/24", "10.0.0.2/24"]}, True),  # what somebody added since is his
        ({"addresses": []}, False),
        ({"master": ""}, False),
        ({"up": False}, False),
        ({"addresses": [], "boot": "another"}, True),
        ({"addresses": [], "mac": "another"}, True),
    ],
)
def test_what_was_set_by_hand_is_missed_until_the_next_boot(changed, same):
    before = {"boot": "b", "mac": MAC, "master": "br0", "up": True, "addresses": ["10.0.0.1/24"]}
    assert steps_linux.same_interface({**before, **changed}, before) is same
    assert steps_linux.same_interface(None, before)
