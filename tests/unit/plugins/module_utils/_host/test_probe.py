# SPDX-License-Identifier: Apache-2.0
"""Which commands are run and which files are read on a host, and how a failure is told."""

from __future__ import annotations

import os
import re
import time

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import facts as fabric_facts
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.linux.keep import connection_uuid
from ansible_collections.boltloom.cluster.plugins.module_utils._host import commands, linux, macos, system
from ansible_collections.boltloom.cluster.plugins.module_utils._host.commands import HostError

SERVICE_ORDER = """An asterisk (*) denotes that a network service is disabled.
(1) Ethernet
(Hardware Port: Ethernet, Device: en0)

(2) Thunderbolt Bridge
(Hardware Port: Thunderbolt Bridge, Device: bridge0)

(3) My (odd) service
(Hardware Port: Thunderbolt 2, Device: en3)

"""
HARDWARE_PORTS = """
Hardware Port: Ethernet
Device: en0
Ethernet Address: 00:11:22:33:44:55

Hardware Port: Thunderbolt 2
Device: en3
Ethernet Address: 36:11:22:33:44:80

Hardware Port: Thunderbolt Bridge
Device: bridge0
Ethernet Address: 36:11:22:33:44:80

VLAN Configurations
===================
"""


def test_a_mac_is_known_by_its_marker(tmp_path):
    assert system.system_of(str(tmp_path)) == "linux"
    marker = tmp_path / system.MACOS_MARKER
    marker.parent.mkdir(parents=True)
    marker.touch()
    assert system.system_of(str(tmp_path)) == "macos"


@pytest.fixture
def mac(run):
    run.answer("/usr/sbin/networksetup -listnetworkserviceorder", stdout=SERVICE_ORDER)
    run.answer("/usr/sbin/networksetup -listallhardwareports", stdout=HARDWARE_PORTS)
    run.answer("/usr/sbin/networksetup -getinfo", stdout="DHCP Configuration\nIPv6: Automatic\n")
    return run


def test_every_command_of_the_table_is_run_once(mac, tmp_path):
    raw = macos.collect(mac, str(tmp_path))
    for key, argv in fabric_facts.MACOS_COMMANDS.items():
        assert mac.asked.count(list(argv)) == 1
        assert key in raw


def test_only_services_of_thunderbolt_and_bridges_are_asked_for(mac, tmp_path):
    raw = macos.collect(mac, str(tmp_path))
    asked = {argv[2] for argv in mac.asked if argv[1:2] == ["-getinfo"]}
    assert asked == {"Thunderbolt Bridge", "My (odd) service"}
    assert raw[fabric_facts.GETINFO_PREFIX + "My (odd) service"].startswith("DHCP")


def test_the_name_servers_of_each_service_are_asked_for_too(mac, tmp_path):
    mac.answer("/usr/sbin/networksetup -getdnsservers", stdout="192.0.2.53\n")
    raw = macos.collect(mac, str(tmp_path))
    assert raw[fabric_facts.DNS_PREFIX + "My (odd) service"] == "192.0.2.53\n"


@pytest.fixture
def preferences(tmp_path):
    path = tmp_path / fabric_facts.MACOS_PREFERENCES_FILE.lstrip("/")
    path.parent.mkdir(parents=True)
    return path


FAILED_PREFERENCES = fabric_facts.FAILED_PREFIX + fabric_facts.MACOS_PREFERENCES_KEY


def test_the_preferences_are_read_as_bytes_where_they_are(mac, tmp_path, preferences):
    raw = macos.collect(mac, str(tmp_path))
    assert fabric_facts.MACOS_PREFERENCES_KEY not in raw
    assert raw[FAILED_PREFERENCES] == "No such file or directory"
    preferences.write_bytes(b"bplist00\xff")
    assert macos.collect(mac, str(tmp_path))[fabric_facts.MACOS_PREFERENCES_KEY] == b"bplist00\xff"


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: path.mkdir(), "it is no file|Is a directory"),
        (lambda path: os.mkfifo(path), "it is no file"),
        (lambda path: path.symlink_to(path), "Too many levels"),
        (lambda path: path.symlink_to("/dev/zero"), "it is no file"),
        (lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY), macos.MOST_BYTES + 1), "more than 8 MiB"),
    ],
    ids=["directory", "pipe", "loop", "device", "huge"],
)
def test_preferences_that_are_no_file_of_reasonable_size_are_a_reason_and_no_wait(
    mac, tmp_path, preferences, make, why
):
    make(preferences)
    raw = macos.collect(mac, str(tmp_path))
    assert fabric_facts.MACOS_PREFERENCES_KEY not in raw
    assert re.search(why, raw[FAILED_PREFERENCES])


def test_preferences_that_only_root_may_read_are_a_reason(mac, tmp_path, preferences, monkeypatch):
    preferences.write_bytes(b"x")

    def refuse(path, *_arguments, **_more):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(macos.os, "open", refuse)
    assert macos.collect(mac, str(tmp_path))[FAILED_PREFERENCES] == "Permission denied"


def test_the_daemons_are_known_by_name(mac, tmp_path):
    folder = tmp_path / fabric_facts.MACOS_DAEMONS_FOLDER.lstrip("/")
    folder.mkdir(parents=True)
    (folder / "io.exo.networksetup.plist").touch()
    assert macos.collect(mac, str(tmp_path))[fabric_facts.MACOS_DAEMONS_KEY] == "io.exo.networksetup.plist\n"


@pytest.mark.parametrize("key", fabric_facts.MACOS_INDISPENSABLE)
def test_an_indispensable_command_that_fails_is_named_with_its_words(mac, tmp_path, key):
    argv = " ".join(fabric_facts.MACOS_COMMANDS[key])
    mac.answer(argv, stderr="no luck\n", rc=1)
    with pytest.raises(HostError, match=f"^{argv} failed: no luck$"):
        macos.collect(mac, str(tmp_path))


@pytest.mark.parametrize("key", sorted(set(fabric_facts.MACOS_COMMANDS) - set(fabric_facts.MACOS_INDISPENSABLE)))
def test_another_command_that_fails_leaves_its_complaint(mac, tmp_path, key):
    argv = " ".join(fabric_facts.MACOS_COMMANDS[key])
    mac.answer(argv, stderr="no luck\n", rc=1)
    raw = macos.collect(mac, str(tmp_path))
    if key == "sysctl":  # complains of each name that it does not know, and prints the others
        assert raw[key] == ""
    else:
        assert key not in raw
        assert raw[fabric_facts.FAILED_PREFIX + key] == f"{argv} failed: no luck"


def test_a_command_that_hangs_is_named_and_the_others_are_not_waited_for_again(mac, tmp_path, monkeypatch):
    monkeypatch.setattr(macos, "PROFILER_TIMEOUT", 0.3)

    def hanging(argv, timeout=0.0):
        return commands.run(["sleep", "60"], timeout) if "SPThunderboltDataType" in argv else mac(argv, timeout)

    begin = time.monotonic()
    with pytest.raises(HostError, match="sleep 60 did not end within 0.3 s"):
        macos.collect(hanging, str(tmp_path))
    assert time.monotonic() - begin < 20


def test_a_whole_reading_has_an_end_whatever_each_command_takes(mac, tmp_path, monkeypatch):
    monkeypatch.setattr(macos, "TOTAL", 0.5)

    def slow(argv, timeout=0.0):
        assert timeout <= 0.5
        time.sleep(0.2)
        return mac(argv, timeout)

    begin = time.monotonic()
    try:
        raw = macos.collect(slow, str(tmp_path))
    except HostError as error:
        assert "was not run: reading this host took 0.5 s" in error.one_line()
    else:
        assert any("was not run" in str(value) for value in raw.values())
    assert time.monotonic() - begin < 5


def test_a_command_that_is_missing_is_named(mac, tmp_path):
    mac.answer("/usr/sbin/system_profiler", rc=127)
    with pytest.raises(HostError, match="command not found: /usr/sbin/system_profiler"):
        macos.collect(mac, str(tmp_path))


@pytest.fixture
def sysfs(tmp_path):
    devices = tmp_path / "sys/bus/thunderbolt/devices"
    real = tmp_path / "sys/devices/pci0/domain0/0-0/0-1"
    real.mkdir(parents=True)
    (real / "unique_id").write_text("c4010000-0000\n")
    (real / "unknown_file").write_text("x")
    devices.mkdir(parents=True)
    (devices / "0-1").symlink_to(real)
    (devices / "domain0").symlink_to("../../../devices/pci0/domain0")
    net = tmp_path / "sys/class/net"
    (net / "wlan0/wireless").mkdir(parents=True)
    (net / "thunderbolt0").mkdir()
    (net / "thunderbolt0/device").symlink_to("../../../0-1.0")
    (net / "thunderbolt0/master").symlink_to("../br0")
    return tmp_path


def test_the_tree_of_linux_is_read_by_its_keys(run, sysfs):
    raw = linux.collect(run, str(sysfs))
    found = {key: value for key, value in raw.items() if key.startswith(fabric_facts.SYSFS_PREFIX)}
    assert found == {
        "sysfs:bus/thunderbolt/devices/0-1/unique_id": "c4010000-0000\n",
        "sysfs:bus/thunderbolt/devices/domain0": "../../../devices/pci0/domain0",
        "sysfs:class/net/thunderbolt0/device": "../../../0-1.0",
        "sysfs:class/net/thunderbolt0/master": "../br0",
        "sysfs:class/net/wlan0/wireless": "",
    }


def test_a_computer_without_thunderbolt_has_no_such_keys(run, tmp_path):
    raw = linux.collect(run, str(tmp_path))
    assert not [key for key in raw if key.startswith(fabric_facts.SYSFS_PREFIX)]


def test_what_keeps_addresses_on_linux_is_read(run, tmp_path):
    def there(path, text):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    there("run/systemd/netif/links/3", "ADMIN_STATE=configured\n")
    there("etc/systemd/network/10-boltloom-thunderbolt-1.network", "ours")
    there("etc/systemd/network/10-eth0.network", "the user's")
    there("etc/network/interfaces", "auto lo")
    there("etc/network/interfaces.d/tb", "auto br0")
    there("proc/7/comm", "systemd-network\n")
    there("proc/8/comm", "bash\n")
    raw = linux.collect(run, str(tmp_path))
    assert raw["netif:3"] == "ADMIN_STATE=configured\n"
    assert {key for key in raw if key.startswith("config:")} == {
        "config:/etc/systemd/network/10-boltloom-thunderbolt-1.network"
    }
    assert raw["interfaces"] == "auto lo\nauto br0\n"
    assert raw["processes"] == "systemd-network\n"


def test_networkmanager_is_asked_for_our_connections_only(run, tmp_path):
    ours = connection_uuid(2)
    run.answer("nmcli -t -f DEVICE,STATE,CON-UUID device", stdout="thunderbolt0:connected:" + ours + "\n")
    run.answer("nmcli -t -f UUID,FILENAME connection show", stdout="1-2:/etc/x\n" + ours + ":/etc/y\n")
    run.answer(" ".join(fabric_facts.NM_PROPERTIES), stdout="connection.id:Boltloom Thunderbolt 2\n")
    raw = linux.collect(run, str(tmp_path))
    assert run.asked.count([*fabric_facts.NM_PROPERTIES, ours]) == 1
    assert raw["nm_properties"] == "connection.id:Boltloom Thunderbolt 2\n"


@pytest.mark.parametrize("rc", [127, 8])
def test_without_networkmanager_its_keys_are_not_there(run, tmp_path, rc):
    run.answer("nmcli", stderr="Error: NetworkManager is not running.\n", rc=rc)
    assert not {"nm_devices", "nm_connections", "nm_properties"} & set(linux.collect(run, str(tmp_path)))
