# SPDX-License-Identifier: Apache-2.0
"""The actions of the control machine under the real ansible-playbook, on hosts whose facts are made up."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import codec
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import (
    HostFacts,
    Nic,
    Peer,
    Port,
    RdmaDevice,
    RdmaFacts,
    Service,
)
from collection.plays import play, task

pytestmark = pytest.mark.slow  # many tasks in one play

ROOT = Path(__file__).resolve().parents[4]


def mac(number: int, peer: int = 0) -> HostFacts:
    peers = (Peer("host", "Mac Studio", "Mac15,14", f"UUID-{peer}"),) if peer else ()
    port = Port(
        receptacle=2,
        device="en3",
        uid=f"0x05AC00000000000{number}",
        domain_uuid=f"UUID-{number}",
        speed_gbps=80 if peer else 0,
        peers=peers,
        up=bool(peer),
        service=Service("Thunderbolt 2", True, "dhcp"),
    )
    nics = (Nic("en0", f"192.168.64.1{number}/24"),)
    return HostFacts("macos", f"mac{number}", "Mac15,14", "26.3", "25D5", (port,), nics=nics)


def slow(host: HostFacts) -> HostFacts:
    return replace(host, ports=tuple(replace(port, speed_gbps=40) for port in host.ports))


HOSTS = {"mac1": mac(1, 2), "mac2": replace(mac(2, 1), warnings=("odd service",)), "mac3": mac(3)}
HOSTS.update({"mac5": slow(mac(5, 6)), "mac6": slow(mac(6, 5))})
HOSTS.update({"mac7": mac(7, 8), "mac8": mac(8)})  # a cable that is seen from one end only
RDMA = {
    "mac1": RdmaFacts("enabled", (RdmaDevice("rdma_en3", 1, True, (), "PORT_ACTIVE", "en3"),), "ready", "all is well"),
    "mac2": RdmaFacts("absent", (), "os-too-old", "macOS 26.2 is needed"),
}


def tasks_in(folder):
    """Every action, used well and badly; what each returns is kept under the name that its tests know."""
    pair, plan = ["mac1", "mac2"], "{{ pair.plan }}"
    hostfile = str(folder / "hostfile.json")
    return [
        task("fabric_plan", "pair", hosts=pair),
        task("fabric_plan", "uncabled", hosts=["mac1", "mac3"], show=False),
        task("fabric_plan", "demanded", hosts=["mac1", "mac3"], over="thunderbolt", show=False),
        task("fabric_plan", "partial", hosts=["mac1", "mac2", "mac3"], show=False),
        task("fabric_plan", "no_mesh", hosts=["mac1", "mac2", "mac3"], shape="mesh"),
        task("fabric_plan", "slow", hosts=["mac5", "mac6"], show=False),
        task("fabric_plan", "too_slow", hosts=["mac5", "mac6"], slow_is_error=True, show=False),
        task("fabric_plan", "one_sided", hosts=["mac7", "mac8"], over="thunderbolt"),
        task("fabric_plan", "silent", hosts=["mac1", "mac2", "mac4"]),
        task("fabric_plan", "bad_shape", hosts=pair, shape="star"),
        task("fabric_plan", "bad_pool", hosts=pair, pool="10.77.0.0/33"),
        {**task("hostfile", "checked", path=hostfile, plan=plan), "check_mode": True, "diff": True},
        {"name": "unwritten", "ansible.builtin.stat": {"path": hostfile}, "register": "unwritten"},
        {**task("hostfile", "written", path=hostfile, plan=plan), "diff": True},
        task("hostfile", "again", path=hostfile, plan=plan),
        task("hostfile", "ethernet", path=str(folder / "ethernet.json"), plan=plan, over="ethernet"),
        task(
            "hostfile",
            "said",
            path=str(folder / "s.json"),
            plan=plan,
            over="ethernet",
            management={"mac1": "192.0.2.1"},
        ),
        task("hostfile", "jaccl", path=str(folder / "jaccl.json"), plan=plan, backend="jaccl"),
        task("fabric_plan", "by_rdma", hosts=pair, backend="jaccl"),
        task("fabric_plan", "best", hosts=pair, backend="auto", show=False),
        task("fabric_plan", "rdma_unknown", hosts=["mac1", "mac3"], backend="auto"),
        task("rdma_report", "rdma_by_cable", hosts=pair, plan=plan),
        task("rdma_report", "jaccl_impossible", plan=plan, backend="jaccl"),
        task("hostfile", "nowhere", path=str(folder / "no/such/folder/h.json"), plan=plan),
        task("hostfile", "old", path=hostfile, plan="{{ old_plan }}"),
        task("rdma_report", "rdma_seen", hosts=pair),
        task("rdma_report", "rdma_wanted", hosts=pair, required=True),
    ]


SET_FACTS = {
    "name": "facts",
    "ansible.builtin.set_fact": {
        "boltloom_thunderbolt": "{{ facts[inventory_hostname] }}",
        "boltloom_rdma": "{{ rdma[inventory_hostname] | default(none) }}",
        "cacheable": True,
    },
    "when": "inventory_hostname in facts",
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Plays all tasks once; the registered result of each, the text that the user saw, and the folder."""
    folder = tmp_path_factory.mktemp("actions")
    variables = {
        "facts": {host: codec.facts_to_dict(facts) for host, facts in HOSTS.items()},
        "rdma": {host: codec.rdma_to_dict(facts) for host, facts in RDMA.items()},
        "old_plan": {"schema": 99},
    }
    hosts = {host: None for host in (*HOSTS, "mac4")}
    hosts["mac2"] = {"ansible_user": "me", "ansible_host": "192.168.64.12"}
    found, seen = play(folder, tasks_in(folder), before=[SET_FACTS], hosts=hosts, variables=variables)
    return found, seen, folder


def test_a_pair_is_planned_over_its_cable(results):
    pair = results[0]["pair"]
    plan = codec.plan_from_dict(pair["plan"])
    assert (plan.shape, pair["over"], pair["changed"]) == ("pair", "thunderbolt", False)
    assert [link.hosts for link in plan.links] == [("mac1", "mac2")]


def test_the_picture_and_the_table_are_shown_as_they_are(results):
    pair = results[0]["pair"]
    assert pair["picture"] in results[1]
    assert pair["table"] in results[1]
    assert results[0]["uncabled"]["picture"] not in results[1]


@pytest.mark.parametrize("name", ["uncabled", "partial"])
def test_cables_that_do_not_do_fall_back_to_ethernet_with_a_warning(name, results):
    assert results[0][name]["over"] == "ethernet"
    (warning,) = [warning for warning in results[0][name]["warnings"] if "goes over Ethernet" in warning]
    assert "[WARNING]: " + warning[:40] in results[1]


def test_what_a_host_found_odd_is_said_with_its_name(results):
    assert results[0]["pair"]["warnings"] == ["mac2: odd service"]


FAILURES = [
    ("demanded", "no Thunderbolt cable joins two of the hosts"),
    ("too_slow", "runs at 40 Gb/s, and both ports can do 80"),
    ("no_mesh", "there is no cable between mac1 and mac3, mac2 and mac3"),
    ("silent", "nothing is known of mac4: it could not be reached or read"),
    ("bad_shape", "value of shape must be one of: auto, mesh, ring, got: star"),
    ("bad_pool", "10.77.0.0/33"),
    ("nowhere", "no/such/folder/h.json cannot be written: No such file or directory"),
    ("old", "schema 99 is not known"),
    ("rdma_wanted", "; mac2: macOS 26.2 is needed"),
    ("by_rdma", "Thunderbolt 2 (en3) to mac2, Thunderbolt 2 (en3): mac2: macOS 26.2 is needed: mend what is named"),
    ("rdma_unknown", "nothing is known of mac3"),
    ("jaccl_impossible", "jaccl needs a cable that is ready for RDMA between every two hosts"),
    ("jaccl", "jaccl: no cable between mac1 and mac2 is ready for RDMA now"),
]


@pytest.mark.parametrize(("name", "words"), FAILURES)
def test_what_a_person_can_repair_is_one_line(name, words, results):
    result = results[0][name]
    assert result["failed"]
    assert words in result["msg"]
    assert "\n" not in result["msg"].strip()
    assert "Traceback" not in results[1]


def test_a_plan_that_cannot_be_made_is_shown_with_its_cables(results):
    failed = results[0]["no_mesh"]
    assert failed["picture"].startswith("3 hosts, 1 cable: neither a mesh nor a ring")
    assert failed["picture"] in results[1]


def test_cables_that_are_demanded_and_do_not_do_are_shown_with_what_explains_it(results):
    failed = results[0]["one_sided"]
    assert "no Thunderbolt cable joins two of the hosts" in failed["msg"]
    assert failed["warnings"] == [
        "mac7, Thunderbolt 2 (en3) sees mac8, Thunderbolt 2 (en3), which does not see it: plug the cable in anew at "
        "both ends"
    ]
    assert failed["picture"].startswith("2 hosts, no cables") and failed["picture"] in results[1]


def test_a_slow_cable_is_a_warning_or_where_asked_for_an_error_with_the_same_evidence(results):
    (warning,) = results[0]["slow"]["warnings"]
    assert "the cable between mac5, Thunderbolt 2 (en3) and mac6, Thunderbolt 2 (en3) runs at 40 Gb/s" in warning
    assert results[0]["too_slow"]["warnings"] == [warning]
    assert "40 Gb/s" in results[0]["too_slow"]["picture"] and results[0]["too_slow"]["picture"] not in results[1]


def test_check_mode_says_what_would_be_written_and_writes_nothing(results):
    checked = results[0]["checked"]
    assert checked["changed"]
    assert checked["diff"]["before"] == ""
    assert json.loads(checked["diff"]["after"])["backend"] == "ring"
    assert not results[0]["unwritten"]["stat"]["exists"]


def test_the_hostfile_is_written_once(results):
    written, again = results[0]["written"], results[0]["again"]
    assert (written["changed"], again["changed"]) == (True, False)
    assert (results[2] / "hostfile.json").read_text() == written["content"]


def test_the_user_reads_where_it_is_and_what_for(results):
    path = results[2] / "hostfile.json"
    assert f"\nwould write {path}: 2 ranks, backend ring, over thunderbolt\n" in results[1]
    assert f"\nwrote {path}: 2 ranks, backend ring, over thunderbolt\n" in results[1]
    assert f"\nunchanged: {path}: 2 ranks" in results[1]


def test_ssh_is_called_as_the_inventory_says(results):
    hosts = json.loads(results[0]["written"]["content"])["hosts"]
    assert sorted(host["ssh"] for host in hosts) == ["mac1", "me@192.168.64.12"]


def test_over_ethernet_the_common_network_is_found(results):
    hosts = json.loads(results[0]["ethernet"]["content"])["hosts"]
    assert sorted(host["ips"] for host in hosts) == [["192.168.64.11"], ["192.168.64.12"]]


def test_a_management_address_of_the_inventory_wins(results):
    hosts = json.loads(results[0]["said"]["content"])["hosts"]
    assert sorted(host["ips"] for host in hosts) == [["192.0.2.1"], ["192.168.64.12"]]


def test_the_best_backend_is_taken_and_its_reason_is_given(results):
    best = results[0]["best"]
    assert (best["backend"], best["over"]) == ("ring", "thunderbolt")
    assert "mac2: macOS 26.2 is needed" in best["reason"]
    assert results[0]["pair"]["backend"] == "ring"


def test_what_cannot_be_is_shown_with_its_cables(results):
    assert results[0]["by_rdma"]["picture"] in results[1]
    assert results[0]["by_rdma"]["warnings"] == ["mac2: odd service"]


def test_the_decision_stands_beneath_the_table(results):
    assert f"backend ring, {results[0]['pair']['reason']}\n" in results[1]


def test_rdma_is_reported_in_one_line_per_host_and_cable(results):
    cable = "the cable from mac1, Thunderbolt 2 (en3) to mac2, Thunderbolt 2 (en3)"
    assert results[0]["rdma_seen"]["lines"] == [
        f"mac1  no-link         {cable}: mac2: macOS 26.2 is needed",
        "mac2  os-too-old      macOS 26.2 is needed",
        "",
        f"{cable}  os-too-old",
    ]


def test_rdma_is_reported_by_cable_where_there_is_a_plan(results):
    seen = results[0]["rdma_by_cable"]
    assert seen["verdicts"] == {"mac1": "no-link", "mac2": "os-too-old"}
    cable = "the cable from mac1, Thunderbolt 2 (en3) to mac2, Thunderbolt 2 (en3)"
    assert seen["lines"][0] == f"mac1  no-link         {cable}: mac2: macOS 26.2 is needed"
    assert seen["lines"][3] == f"{cable}  os-too-old"
    (judged,) = seen["cables"]
    assert judged["verdict"] == "os-too-old"
    assert judged["ends"][0] == {"host": "mac1", "receptacle": 2, "device": "rdma_en3", "gid": None}
