# SPDX-License-Identifier: Apache-2.0
"""What the changing verbs of ifconfig, route and networksetup do to the real interfaces and to the preferences."""

import plistlib

import pytest
from fleet.boot import CHECKOUT
from fleet.fleet import Fleet
from fleet.pytest_plugin import BringUp

pytestmark = pytest.mark.fleet


@pytest.fixture(scope="module")
def fleet(bring_up: BringUp) -> Fleet:
    """Two Macs; the tests of this module use different ports of them."""
    return bring_up("pair")


def root(fleet: Fleet, *argv: str) -> str:
    return fleet.run("mac1", list(argv), root=True, check=True).stdout


def refused(fleet: Fleet, *argv: str) -> str:
    done = fleet.run("mac1", list(argv), root=True)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return (done.stdout + done.stderr).strip()


def kernel_addresses(fleet: Fleet, device: str) -> list[str]:
    shown = root(fleet, "/.fleet/bin/ip", "-4", "-o", "addr", "show", "dev", device)
    return [line.split()[3] for line in shown.splitlines()]


def test_ifconfig_addresses(fleet: Fleet) -> None:
    root(fleet, "ifconfig", "bridge0", "deletem", "en2")
    root(fleet, "ifconfig", "en2", "inet", "10.0.0.1", "netmask", "255.255.255.252", "up")
    assert kernel_addresses(fleet, "en2") == ["10.0.0.1/30"]
    root(fleet, "ifconfig", "en2", "inet", "10.0.0.5", "netmask", "0xfffffffc")  # replaces
    assert kernel_addresses(fleet, "en2") == ["10.0.0.5/30"]
    root(fleet, "ifconfig", "en2", "inet", "10.0.1.1/24", "alias")  # adds
    assert kernel_addresses(fleet, "en2") == ["10.0.0.5/30", "10.0.1.1/24"]
    root(fleet, "ifconfig", "en2", "inet", "10.0.0.5", "delete")
    root(fleet, "ifconfig", "en2", "-alias", "10.0.1.1")
    assert kernel_addresses(fleet, "en2") == []
    assert fleet.run("mac1", ["ipconfig", "getifaddr", "en2"]).stdout == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["en9", "up"], "ifconfig: interface en9 does not exist"),
        (["en2", "inet", "300.1.1.1"], "ifconfig: 300.1.1.1: bad value"),
        (["en2", "frobnicate"], "ifconfig: frobnicate: bad value"),
        (["bridge0", "deletem", "en0"], "ifconfig: BRDGDEL en0: No such file or directory"),
        (["bridge0", "addm", "en3"], "ifconfig: BRDGADD en3: Device busy"),
        (["en2", "delete"], "ifconfig: ioctl (SIOCDIFADDR): Can't assign requested address"),
    ],
)
def test_ifconfig_refuses(fleet: Fleet, words: list[str], said: str) -> None:
    assert refused(fleet, "ifconfig", *words) == said


def test_only_root_changes_anything(fleet: Fleet) -> None:
    for argv in (["ifconfig", "en3", "down"], ["route", "add", "10.8.0.1", "-interface", "en3"]):
        assert fleet.run("mac1", argv).returncode != 0
    assert "UP" in fleet.run("mac1", ["ifconfig", "en3"]).stdout
    assert fleet.run("mac1", ["touch", str(CHECKOUT / "written-by-a-mac")], root=True).returncode != 0


def test_route_verbs(fleet: Fleet) -> None:
    assert root(fleet, "route", "add", "-host", "10.8.0.9", "-interface", "en3") == "add host 10.8.0.9: gateway en3\n"
    root(fleet, "route", "change", "10.8.0.9", "-interface", "en4")
    assert "  interface: en4\n" in root(fleet, "route", "-n", "get", "10.8.0.9")
    assert "10.8.0.9" in root(fleet, "netstat", "-rn")
    root(fleet, "route", "delete", "10.8.0.9")
    assert "not in table" in refused(fleet, "route", "delete", "10.8.0.9")


def preferences(fleet: Fleet) -> dict:
    path = "/Library/Preferences/SystemConfiguration/preferences.plist"
    return plistlib.loads(root(fleet, "cat", path).encode())


def test_networksetup_keeps_everything_in_the_preferences(fleet: Fleet) -> None:
    root(fleet, "networksetup", "-createnetworkservice", "TB 3", "Thunderbolt 3")
    root(fleet, "networksetup", "-setmanual", "TB 3", "10.77.3.1", "255.255.255.252", "")
    root(fleet, "networksetup", "-setv6LinkLocal", "TB 3")
    root(fleet, "networksetup", "-ordernetworkservices", "TB 3", "Ethernet", "Wi-Fi", "Thunderbolt Bridge")
    data = preferences(fleet)
    location = data["Sets"][data["CurrentSet"].rsplit("/")[-1]]["Network"]
    first = data["NetworkServices"][location["Global"]["IPv4"]["ServiceOrder"][0]]
    assert first["Interface"]["DeviceName"] == "en4"
    assert first["IPv4"] == {"ConfigMethod": "Manual", "Addresses": ["10.77.3.1"], "SubnetMasks": ["255.255.255.252"]}
    assert root(fleet, "networksetup", "-getinfo", "TB 3").splitlines()[:4] == [
        "Manual Configuration",
        "IP address: 10.77.3.1",
        "Subnet mask: 255.255.255.252",
        "Router: (null)",
    ]
    root(fleet, "networksetup", "-setnetworkserviceenabled", "TB 3", "off")
    assert "(*) TB 3\n" in root(fleet, "networksetup", "-listnetworkserviceorder")
    assert "last service of its port" in refused(fleet, "networksetup", "-removenetworkservice", "TB 3")


def test_a_service_is_not_applied_to_a_bridge_member_nor_without_a_link(fleet: Fleet) -> None:
    root(fleet, "networksetup", "-setnetworkserviceenabled", "TB 3", "on")
    assert kernel_addresses(fleet, "en4") == []  # a member
    root(fleet, "ifconfig", "bridge0", "deletem", "en4")
    assert kernel_addresses(fleet, "en4") == []  # nothing is plugged in there
    root(fleet, "networksetup", "-createnetworkservice", "TB 2", "Thunderbolt 2")
    root(fleet, "networksetup", "-setmanual", "TB 2", "10.77.2.1", "255.255.255.252")
    assert kernel_addresses(fleet, "en3") == []  # a member
    root(fleet, "ifconfig", "bridge0", "deletem", "en3")
    assert kernel_addresses(fleet, "en3") == ["10.77.2.1/30"]
    assert fleet.run("mac1", ["ipconfig", "getifaddr", "en3"]).stdout == "10.77.2.1\n"
    root(fleet, "networksetup", "-setv4off", "TB 2")
    assert kernel_addresses(fleet, "en3") == []


def test_locations(fleet: Fleet) -> None:
    root(fleet, "networksetup", "-createlocation", "Lab", "populate")
    root(fleet, "networksetup", "-switchtolocation", "Lab")
    services = root(fleet, "networksetup", "-listallnetworkservices").splitlines()[1:]
    assert services == ["Ethernet", "Wi-Fi", "Thunderbolt Bridge"]
    root(fleet, "networksetup", "-switchtolocation", "Automatic")
    assert "TB 3" in root(fleet, "networksetup", "-listallnetworkservices")
    assert root(fleet, "networksetup", "-listlocations") == "Automatic\nLab\n"


def test_plistbuddy(fleet: Fleet) -> None:
    def buddy(command: str) -> list[str]:
        return ["/usr/libexec/PlistBuddy", "-c", command, "/tmp/test.plist"]

    root(fleet, *buddy("Add :A:B array"))
    root(fleet, *buddy("Add :A:B:0 string en2"))
    root(fleet, *buddy("Add :A:C integer 3"))
    root(fleet, *buddy("Set :A:C 4"))
    assert root(fleet, *buddy("Print :A")) == "Dict {\n    B = Array {\n        en2\n    }\n    C = 4\n}\n"
    root(fleet, *buddy("Delete :A:B:0"))
    assert root(fleet, *buddy("Print :A:B")) == "Array {\n}\n"
    assert refused(fleet, *buddy("Delete :A:X")) == 'Delete: Entry, ":A:X", Does Not Exist'
