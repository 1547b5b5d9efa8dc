# SPDX-License-Identifier: Apache-2.0
"""Who configures a Linux host, and what of it is ours."""

from __future__ import annotations

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.linux import managers
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.linux.keep import (
    connection_files,
    connection_uuid,
    is_own,
    is_own_connection,
    own_connections,
    own_file,
    own_path,
)
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import Port, WantPort

NAS = "0d2c3b4a-1111-4222-8333-444455556666"
PORT = Port(2, "thunderbolt0", "u/2", "U", mac="02:71:5e:00:aa:bb")
WANT = WantPort(2, "thunderbolt0", "10.77.0.1", 30, "mac1", "10.77.0.2", "Boltloom Thunderbolt 2")


def test_nmcli_tells_by_colons_and_backslashes():
    assert managers.terse_lines("a:b\\:c:\n\nd\\\\:e\n") == [("a", "b:c", ""), ("d\\", "e")]


def test_what_networkmanager_leaves_alone_it_has_not():
    text = (
        f"thunderbolt0:connected:{NAS}\nthunderbolt1:connecting (getting IP configuration):{NAS}\n"
        "thunderbolt2:unavailable:\neth0:unmanaged:\neth1:connected (externally):no uuid\n"
    )
    assert managers.networkmanager_devices(text) == {
        "thunderbolt0": NAS,
        "thunderbolt1": NAS,
        "thunderbolt2": "",
        "eth1": "",
    }


@pytest.mark.parametrize(
    ("text", "file"),
    [
        (
            "ADMIN_STATE=configured\nNETWORK_FILE=/etc/systemd/network/30-x.network\n",
            "/etc/systemd/network/30-x.network",
        ),
        ("ADMIN_STATE=configuring\n", ""),
        ("ADMIN_STATE=unmanaged\nOPER_STATE=carrier\n", None),
        ("", None),
    ],
)
def test_what_networkd_applies(text, file):
    assert managers.networkd_device(text) == file


@pytest.mark.parametrize(
    ("ports", "networkmanager", "networkd", "processes", "chosen"),
    [
        (["tb0"], {"tb0": "", "eth0": NAS}, {}, [], "networkmanager"),
        (["tb0"], {}, {"tb0": "/x.network"}, [], "networkd"),
        (["tb0"], {"tb0": NAS}, {"tb0": "/x.network"}, [], "networkd"),
        (["tb0"], {"tb0": NAS}, {"eth0": "/x.network"}, [], "networkmanager"),
        (["tb0"], {}, {"eth0": "/x.network"}, [], "networkd"),
        (["tb0"], {"eth0": NAS}, {}, ["systemd-udevd"], "udev"),  # it was told to leave the ports
        ([], {"eth0": NAS}, {}, [], "networkmanager"),  # no cable is plugged in yet
        (["tb0"], {}, {}, ["udevd"], "udev"),
        (["tb0"], {}, {}, ["firewalld"], "none"),
    ],
)
def test_the_one_who_has_the_ports_keeps_their_addresses(ports, networkmanager, networkd, processes, chosen):
    assert managers.choose_manager(ports, networkmanager, networkd, processes) == chosen


@pytest.mark.parametrize(
    "path",
    [
        "/etc/systemd/network/10-eth0.network",
        "/etc/systemd/network/10-boltloom-thunderbolt-.network",
        "/etc/systemd/network/10-boltloom-thunderbolt-1/../../passwd.network",
        "/etc/systemd/network/10-boltloom-thunderbolt-²․network",
        "/etc/NetworkManager/system-connections/boltloom-thunderbolt-1.network",
        "etc/udev/rules.d/80-boltloom-thunderbolt-1.rules",
        "",
    ],
)
def test_nothing_else_is_ours(path):
    assert not is_own(path)


@pytest.mark.parametrize("manager", ["networkmanager", "networkd", "udev"])
def test_our_own_files_are_known_by_their_paths(manager):
    file = own_file(manager, PORT, WANT)
    assert file.path == own_path(manager, 2) and is_own(file.path)
    assert file.text.startswith("# Written by boltloom.cluster")


def properties(**changed):
    shown = {
        "connection.id": "Boltloom Thunderbolt 2",
        "connection.uuid": connection_uuid(2),
        "connection.type": "802-3-ethernet",
        "connection.autoconnect": "yes",
        "connection.autoconnect-priority": "100",
        "connection.interface-name": "",
        "802-3-ethernet.mac-address": "02\\:71\\:5E\\:00\\:AA\\:BB",
        "802-3-ethernet.mtu": "auto",
        "ipv4.method": "manual",
        "ipv4.addresses": "10.77.0.1/30",
        "ipv4.gateway": "",
        "ipv4.dns": "",
        "ipv4.routes": "",
        "ipv4.never-default": "yes",
        "ipv6.method": "link-local",
        "ipv6.addresses": "",
    }
    shown.update({name.replace("_", "."): value for name, value in changed.items()})
    return "".join(f"{name}:{value}\n" for name, value in shown.items())


def test_what_networkmanager_says_of_our_connection_is_the_file_that_we_wrote():
    assert connection_files(properties()) == (own_file("networkmanager", PORT, WANT),)


@pytest.mark.parametrize(
    ("name", "value"), [("ipv4_gateway", "10.77.0.2"), ("ipv4_dns", "1.1.1.1"), ("connection_autoconnect", "no")]
)
def test_a_connection_that_somebody_changed_is_another_file(name, value):
    (file,) = connection_files(properties(**{name: value}))
    assert file != own_file("networkmanager", PORT, WANT) and file.path == own_path("networkmanager", 2)


def test_several_connections_and_those_of_others():
    others = f"connection.id:NAS\nconnection.uuid:{NAS}\nipv4.method:auto\n"
    assert [file.path for file in connection_files(properties() + "\n" + others)] == [own_path("networkmanager", 2)]
    assert own_connections(f"{NAS}:/etc/x\n{connection_uuid(2)}:/etc/y\n") == (connection_uuid(2),)
    assert is_own_connection(connection_uuid(2)) and not is_own_connection(NAS)
