# SPDX-License-Identifier: Apache-2.0
"""What follows from the hosts' answers, laid side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from boltloom_launcher.agent.messages import Attempt, Connected, Endpoint, Hello, Inspected
from boltloom_launcher.backends import Plan
from boltloom_launcher.hosts import Roster, Seat
from boltloom_launcher.job import Request
from boltloom_launcher.orders import default_backend
from boltloom_launcher.policy.events import Compared
from boltloom_launcher.preflight import Place, Preflight
from unit.launcher.several_hosts import answer, plan

ANYWAY = "or start with --no-preflight"


RING = [["10.77.0.1"], ["10.77.0.2"], ["10.77.0.3"]]


def preflight(of: Plan, *answers: Inspected, checked: bool = True) -> Preflight:
    cable = (("10.77.0.2", "mac1 Thunderbolt 2 = mac2 Thunderbolt 3"),)
    request = Request(Roster((), (), ()), of.backend, ("x",), checked=checked, cables=cable)
    made = Preflight(request, of, [Place(host.ssh, host.ssh) for host in of.hosts])
    for host, each in enumerate(answers):
        assert made.heard(host, each) == ()
    return made


def compared(*answers: Inspected, ips: Sequence[Sequence[str]] = RING, checked: bool = True) -> Compared:
    return preflight(plan("ring", ips[: len(answers)]), *answers, checked=checked).compared()


def test_hosts_that_agree() -> None:
    same = answer(script="/a/train.py", digest="1", libraries=["mlx"], versions={"mlx": "1.0"})
    assert compared(same, same, same) == Compared()


def test_the_answers_can_be_shown() -> None:
    python = answer(script="/a/train.py", digest="123456789abcdef", versions={"mlx": "1.0", "torch": "2.0"})
    made = preflight(plan("ring", RING), python, answer(), answer(python=""))
    assert made.facts() == [
        "mac1: /usr/bin/python3 (mlx 1.0, torch 2.0), /a/train.py is 123456789abc",
        "mac2: /usr/bin/python3 (no library that we know)",
        "mac3: no program of Python's",
    ]


def test_another_script_on_one_host() -> None:
    one, two = answer(script="/a/train.py", digest="1"), answer(script="/b/train.py", digest="2")
    words = "/b/train.py is not the same as on mac1: copy it to all hosts, or give --no-verify-script"
    assert compared(one, one, two) == Compared(((2, words),))
    assert compared(one, one, two, checked=False) == Compared()
    assert compared(answer(), one, one) == Compared()  # no script to compare there


def test_versions_that_the_program_needs_to_be_one() -> None:
    hosts = [answer(versions={"mlx": version, "torch": "2.0"}) for version in ("1.0", "1.1", "1.0")]
    all_of_them = "1.0 on mac1, 1.1 on mac2, 1.0 on mac3"
    assert compared(*hosts) == Compared(warnings=(f"the hosts have different versions of mlx: {all_of_them}",))
    hosts[0] = hosts[0]._replace(libraries=["mlx"])
    words = f"mlx is another version than elsewhere ({all_of_them}): install one version everywhere, {ANYWAY}"
    assert compared(*hosts) == Compared(((1, words),))


def test_a_library_that_one_host_lacks() -> None:
    having, lacking = answer(versions={"mlx": "1.0"}, libraries=["mlx"]), answer(libraries=["mlx"])
    words = f"/usr/bin/python3 has no mlx (1.0 on mac1): install it there, {ANYWAY}"
    assert compared(having, lacking) == Compared(((1, words),))
    assert compared(having._replace(libraries=[]), lacking._replace(libraries=[])) == Compared()
    assert compared(lacking, lacking) == Compared()  # no host has it: the rank says so best
    assert compared(having, answer(python="", libraries=[])) == Compared()


def test_a_python_that_did_not_answer_is_no_reason_to_refuse() -> None:
    silent = answer(python="/opt/python", problem="no answer within 10 s")
    words = "mac2: the versions of /opt/python could not be read (no answer within 10 s), so they are not compared"
    assert compared(answer(versions={"mlx": "1"}, libraries=["mlx"]), silent) == Compared(warnings=(words,))


@pytest.mark.parametrize(
    ("libraries", "installed", "refused", "warned"),
    [
        (["mlx"], ["mlx"], True, False),
        (["mlx", "boltloom"], ["mlx", "boltloom"], False, True),
        ([], ["mlx"], False, True),
        (["torch"], ["mlx", "torch"], False, False),
        (["boltloom"], ["mlx", "boltloom"], False, False),
        ([], [], False, False),
    ],
)
def test_an_ipv6_address_is_nothing_to_mlx(
    libraries: list[str], installed: list[str], refused: bool, warned: bool
) -> None:
    host = answer(libraries=libraries, versions=dict.fromkeys(installed, "1"))
    found = compared(host, host, ips=[["10.77.0.1"], ["fd77::2"]])
    words = "fd77::2 is an IPv6 address, and MLX reads IPv4 only: give its IPv4 address to --hosts, or a hostfile"
    assert found.problems == (((1, f"{words}, {ANYWAY}"),) if refused else ())
    assert found.warnings == ((f"mac2: {words}",) if warned else ())


def test_every_host_listens_where_the_others_will_connect() -> None:
    made = preflight(plan("ring", RING), answer(), answer(deaf="cannot listen"), answer())
    orders = [made.inspect_order(host) for host in range(3)]
    assert [order.listen for order in orders] == [
        [Endpoint("192.168.0.1", 400), Endpoint("10.77.0.1", 100)],
        [Endpoint("10.77.0.2", 110)],
        [Endpoint("10.77.0.3", 120)],
    ]
    assert len({order.token for order in orders}) == 1 and not any(order.rdma for order in orders)
    assert made.connect_order(0).targets == []  # mac2 does not listen
    assert made.compared().warnings == ("mac2: cannot listen, so connections to it are not tried",)
    assert made.connect_order(1).targets == [Endpoint("192.168.0.1", 400), Endpoint("10.77.0.3", 120)]
    assert preflight(plan("jaccl", RING)).inspect_order(0).rdma


@pytest.mark.parametrize(
    ("attempt", "remedy"),
    [
        (
            Attempt("10.77.0.2", 110, "10.77.0.1", "no answer within 3 s", False),
            "/usr/bin/python3 cannot connect from 10.77.0.1 to mac2 at 10.77.0.2 over the cable mac1 Thunderbolt 2 = "
            "mac2 Thunderbolt 3 (no answer within 3 s): plug the cable in at both ends, or run "
            f"boltloom.cluster.configure, {ANYWAY}",
        ),
        (
            Attempt("10.77.0.2", 110, "", "No route to host", True),
            "/usr/bin/python3 cannot connect to mac2 at 10.77.0.2 over the cable mac1 Thunderbolt 2 = mac2 Thunderbolt "
            "3 (No route to host): allow it in System Settings, Privacy & Security, Local Network on this Mac",
        ),
        (Attempt("10.77.0.2", 110, "10.77.0.1", "", False), None),
        (Attempt("10.9.9.9", 1, "", "x", False), f"could not try its connections to other hosts: try again, {ANYWAY}"),
    ],
    ids=["over a cable", "privacy", "well", "no answer"],
)
def test_a_host_that_another_one_cannot_reach(attempt: Attempt, remedy: str | None) -> None:
    made = preflight(plan("ring", RING), answer(), answer(), answer())
    assert made.heard(0, Connected([attempt])) == ((remedy,) if remedy else ())


@pytest.mark.parametrize(("backend", "hosts"), [("jaccl", [0, 1]), ("ring", [])])
def test_only_jaccl_wants_rdma(backend: str, hosts: list[int]) -> None:
    devices = [[(), ("rdma_en2",)], [("rdma_en2",), ()]]
    made = preflight(plan(backend, RING[:2], rdma=devices), answer(), answer())
    assert [host for host, _ in made.compared().problems] == hosts


def test_on_a_plain_network_it_may_be_a_firewall() -> None:
    made = preflight(plan("ring", RING), answer(), answer(python=""), answer())
    refused = [Attempt(*target, "10.0.0.2", "Connection refused", False) for target in made.connect_order(1).targets]
    assert made.heard(1, Connected(refused)) == tuple(
        f"cannot connect from 10.0.0.2 to {far} at {ip} (Connection refused): see that the two are on one "
        f"network and no firewall of {far} is in the way, {ANYWAY}"
        for far, ip in (("mac1", "192.168.0.1"), ("mac3", "10.77.0.3"))
    )


@pytest.mark.parametrize(
    ("gpus", "seats", "chosen"),
    [((1, 1), (0, 1), "nccl"), ((1, 1), (0, 0, 1), "ring"), ((2, 1), (0, 0, 1), "nccl"), ((1, 0), (0, 1), "ring")],
)
def test_nccl_is_the_default_with_a_device_for_each_rank_and_an_mlx_for_cuda(
    gpus: tuple[int, int], seats: tuple[int, ...], chosen: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hellos = [Hello(1, "3.11", "x", f"machine{i}", number, "", "") for i, number in enumerate(gpus)]
    taken = [Seat(rank, host, seats[:rank].count(host), seats.count(host)) for rank, host in enumerate(seats)]
    assert default_backend(taken, hellos) == "ring"  # what the tests run under is for processors
    (tmp_path / "mlx_cuda_13-0.32.4.dist-info").mkdir()
    (tmp_path / "mlx_cuda_13-0.32.4.dist-info/METADATA").write_text("Name: mlx-cuda-13\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert default_backend(taken, hellos) == chosen
