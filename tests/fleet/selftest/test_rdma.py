# SPDX-License-Identifier: Apache-2.0
"""RDMA of the simulated Macs: who has devices, when a port is active, and what its table holds."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from fleet.fleet import Fleet
from fleet.pytest_plugin import BringUp

pytestmark = pytest.mark.fleet

# mac1 is a Mac Studio with six ports, and everything odd is at the other end of one of them.
FLEET = """\
hosts:
  mac1: {model: "Mac15,14"}
  whole: {model: "Mac16,11"}
  disabled: {model: "Mac16,11", rdma: false}
  old: {model: "Mac16,11", macos: "26.1"}
  four: {model: "Mac16,10"}
  docked: {model: "Mac16,11"}
  broken: {model: "Mac16,11", rdma_broken: [1], rdma_ctl: fails}
cables:
  - [mac1:1, whole:1]
  - [mac1:2, disabled:1]
  - [mac1:3, old:1]
  - [mac1:4, four:1]
  - {ends: [mac1:5, docked:1], through: dock}
  - [mac1:6, broken:1]
"""


@pytest.fixture(scope="module")
def fleet(bring_up: BringUp, tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    file = tmp_path_factory.mktemp("fleet") / "rdma.yml"
    file.write_text(FLEET)
    return bring_up(file)


def printed(fleet: Fleet, host: str, *argv: str) -> str:
    done = fleet.run(host, list(argv))
    return done.stdout + done.stderr


def states(fleet: Fleet, host: str) -> dict[str, str]:
    """device -> PORT_ACTIVE or PORT_DOWN"""
    found = re.findall(r"hca_id:\t(\w+)|state:\t+(\w+) \(", printed(fleet, host, "ibv_devinfo"))
    names = [name for name, _ in found if name]
    return dict(zip(names, [state for _, state in found if state], strict=True))


def gids(fleet: Fleet, host: str, device: str) -> list[str]:
    return re.findall(r"GID\[ *\d+\]:\t\t(\S+)", printed(fleet, host, "ibv_devinfo", "-v", "-d", device))


def offers(fleet: Fleet) -> dict[str, bool]:
    """Model of the host at the other end, receptacle by receptacle -> whether mac1 sees it offer RDMA."""
    report = json.loads(printed(fleet, "mac1", "system_profiler", "SPThunderboltDataType", "-json"))
    found = {}
    for bus in report["SPThunderboltDataType"]:
        items = bus.get("_items", [])
        items += [below for item in items for below in item.get("_items", [])]
        for peer in (item for item in items if "services_title" in item):
            protocols = [service["protocol_id_key"] for service in peer["services_title"]]
            found[bus["receptacle_1_tag"]["receptacle_id_key"]] = 64087 in protocols
    return found


def test_a_port_is_active_where_both_ends_can_and_the_cable_is_whole(fleet: Fleet) -> None:
    active = [device for device, state in states(fleet, "mac1").items() if state == "PORT_ACTIVE"]
    assert active == ["rdma_en2"]  # towards "whole"
    assert states(fleet, "whole") == {"rdma_en2": "PORT_ACTIVE", "rdma_en3": "PORT_DOWN", "rdma_en4": "PORT_DOWN"}
    assert states(fleet, "docked")["rdma_en2"] == states(fleet, "broken")["rdma_en2"] == "PORT_DOWN"


def test_the_peer_sees_rdma_offered_only_by_a_mac_that_has_it(fleet: Fleet) -> None:
    assert offers(fleet) == {"1": True, "2": False, "3": False, "4": False, "5": True, "6": True}


@pytest.mark.parametrize(("host", "switch"), [("disabled", "disabled\n"), ("four", "enabled\n")])
def test_a_mac_without_rdma_lists_no_device(fleet: Fleet, host: str, switch: str) -> None:
    assert printed(fleet, host, "rdma_ctl", "status") == switch
    assert len(printed(fleet, host, "ibv_devices").splitlines()) == 2
    assert printed(fleet, host, "ibv_devinfo") == "No IB devices found\n"


def test_a_mac_that_is_too_old_has_no_such_command(fleet: Fleet) -> None:
    done = fleet.run("old", ["bash", "-c", "ls /usr/bin/rdma_ctl /usr/bin/ibv_devices /usr/bin/ibv_devinfo"])
    assert (done.returncode != 0, done.stdout) == (True, "")


def test_a_switch_that_fails(fleet: Fleet) -> None:
    assert fleet.run("broken", ["rdma_ctl", "status"]).returncode == 1


def test_the_table_follows_the_addresses_of_the_interface(fleet: Fleet) -> None:
    (link_local,) = gids(fleet, "whole", "rdma_en2")  # the port is in the bridge
    assert link_local.startswith("fe80::")

    def on(*argv: str) -> None:
        assert fleet.run("whole", list(argv), root=True).returncode == 0

    on("ifconfig", "bridge0", "deletem", "en2")
    assert gids(fleet, "whole", "rdma_en2") == [link_local]
    on("ifconfig", "en2", "inet", "10.77.0.1", "netmask", "255.255.255.252")
    assert gids(fleet, "whole", "rdma_en2") == [link_local, "::ffff:10.77.0.1"]
    on("ifconfig", "bridge0", "addm", "en2")
    assert gids(fleet, "whole", "rdma_en2") == [link_local]
    on("ifconfig", "bridge0", "deletem", "en2")
    on("ifconfig", "en2", "inet", "10.77.0.1", "delete")
    assert gids(fleet, "whole", "rdma_en2") == [link_local]


def test_a_cut_cable_takes_both_ports_down(fleet: Fleet) -> None:
    fleet.cut("mac1", "whole")
    assert (states(fleet, "mac1")["rdma_en2"], states(fleet, "whole")["rdma_en2"]) == ("PORT_DOWN", "PORT_DOWN")
    fleet.plug("mac1", "whole")
    assert (states(fleet, "mac1")["rdma_en2"], states(fleet, "whole")["rdma_en2"]) == ("PORT_ACTIVE", "PORT_ACTIVE")


def test_whoever_was_in_recovery_comes_back_with_rdma(fleet: Fleet) -> None:
    fleet.reboot("disabled", rdma=True)
    assert printed(fleet, "disabled", "rdma_ctl", "status") == "enabled\n"
    assert states(fleet, "disabled")["rdma_en2"] == states(fleet, "mac1")["rdma_en3"] == "PORT_ACTIVE"
    assert Fleet.named(fleet.name).description.hosts["disabled"].rdma  # another process knows it, too
    fleet.reboot("disabled", rdma=False)
    assert states(fleet, "mac1")["rdma_en3"] == "PORT_DOWN"


def test_a_half_plugged_cable_is_active_at_no_end(bring_up: BringUp, tmp_path: Path) -> None:
    file = tmp_path / "half.yml"
    file.write_text("hosts: {mac1: , mac2: }\ncables:\n  - {ends: [mac1:1, mac2:1], fault: half}\n")
    half = bring_up(file)
    assert {states(half, host)["rdma_en2"] for host in half.hosts} == {"PORT_DOWN"}
    half.down()
