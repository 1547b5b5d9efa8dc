# SPDX-License-Identifier: Apache-2.0
"""Links are verified from one end: over real sockets on the loopback where sockets matter, scripted elsewhere."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import codec
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import TopologyError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import FabricPlan, HostPlan, WantPort
from ansible_collections.boltloom.cluster.plugins.module_utils._host import link_ends, link_wire, links

BUILD = str(Path(__file__).resolve().parents[5] / ".build")
HERE = WantPort(2, "lo", "127.0.0.1", 8, "mac2", "127.0.0.2", "", peer_receptacle=1, peer_device="en2")
PLAN = codec.plan_to_dict(FabricPlan(("mac1", "mac2"), (), (HostPlan("mac1", (HERE,)),), "pair"))

UP = "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 state UNKNOWN\n"


def check(run, port=22, timeout=0.2, root="/nowhere", plan=PLAN, **options):
    """The links of mac1, and one line of those that do not work."""
    found = links.check_links(plan, "mac1", links.CheckOptions(port, timeout, **options), {}, run, root)
    return found, links.failures("mac1", found)


@pytest.fixture
def run(run):
    run.answer("ip address show", stdout=UP + "    inet 127.0.0.1/8 scope host lo\n")
    run.answer("ip -4 route get", stdout="local 127.0.0.2 dev lo src 127.0.0.1 uid 0\n")
    run.answer("ping", rc=1)
    return run


@pytest.fixture
def server():
    """Listens at the peer's address; greets whoever connects with what is put into ``greeting``."""

    class Server(threading.Thread):
        def __init__(self):
            super().__init__(daemon=True)
            self.listener = socket.create_server(("127.0.0.2", 0))
            self.port = self.listener.getsockname()[1]
            self.greeting = b"SSH-2.0-test\r\n"
            self.callers = []
            self.kept = []

        def run(self):
            while True:
                try:
                    connection, caller = self.listener.accept()
                except OSError:
                    return
                self.callers.append(caller[0])
                if self.greeting is None:
                    self.kept.append(connection)  # accepts, and never says a word
                    continue
                with connection:
                    connection.sendall(self.greeting)

    thread = Server()
    thread.start()
    yield thread
    thread.listener.shutdown(socket.SHUT_RDWR)
    thread.listener.close()
    thread.join(5)
    for connection in thread.kept:
        connection.close()


def test_a_greeting_is_evidence_and_comes_from_the_planned_address(run, server):
    (link,), failures = check(run, server.port, 5.0)
    assert (link.works, link.peer, link.evidence, failures) == (True, "mac2", "SSH-2.0-test", "")
    assert server.callers == ["127.0.0.1"]
    assert link.as_dict()["receptacle"] == 2


def test_a_refusal_is_an_answer_too(run):
    with socket.socket() as bound:  # bound and not listening: nobody else gets the port, and it refuses
        bound.bind(("127.0.0.2", 0))
        (link,), _failures = check(run, bound.getsockname()[1], 5.0)
    assert link.evidence == links.REFUSED


def test_a_connection_that_delivers_nothing_is_a_failure_with_both_ends(run, server):
    server.greeting = None
    begin = time.monotonic()
    _links, failures = check(run, server.port, 0.5)
    assert "mac1 Thunderbolt 2 (lo) to mac2 Thunderbolt 1 (en2): 127.0.0.2 did not answer within 0.5 s" in failures
    assert time.monotonic() - begin < 10


def test_a_peer_that_answers_late_is_waited_for(run, monkeypatch):
    calls = []

    def ask(want, port, seconds):
        calls.append(seconds)
        if len(calls) < 3:
            raise OSError(113, "No route to host")
        return "SSH-2.0-late"

    monkeypatch.setattr(links, "ask", ask)
    monkeypatch.setattr(links, "PAUSE_SECONDS", 0.0)
    assert check(run, timeout=5.0)[0][0].evidence == "SSH-2.0-late"


def silent(want, port, seconds):
    raise OSError(113, "No route to host")


@pytest.mark.parametrize(
    ("ping", "words"),
    [(1, "look at the cable, and whether mac2 is configured"), (0, "ping gets through, so the cable is good")],
)
def test_ping_as_a_second_opinion_tells_a_cable_from_a_filter(ping, words, run, monkeypatch):
    monkeypatch.setattr(links, "ask", silent)
    run.answer("ping", rc=ping)
    _links, failures = check(run)
    assert words in failures
    assert "No route to host" in failures


@pytest.mark.parametrize(
    ("beginning", "stdout", "words"),
    [
        (
            "ip address show",
            UP + "    inet 127.0.0.11/8 scope host lo\n",
            "the address 127.0.0.1 is not on the interface",
        ),
        ("ip -4 route get", "127.0.0.2 via 10.0.0.1 dev en0 src 10.0.0.2\n", "leaves by en0 instead of by the cable"),
        ("ip -4 route get", "", "there is no route to 127.0.0.2"),
        (
            "ip address show",
            "2: lo: <NO-CARRIER,BROADCAST,UP> mtu 1500\n",
            "no link on Thunderbolt 2 (lo): plug the cable",
        ),
    ],
)
def test_what_is_wrong_on_this_side_is_named_before_the_peer_is_asked(beginning, stdout, words, run, monkeypatch):
    monkeypatch.setattr(links, "ask", lambda *_: pytest.fail("the peer was asked"))
    monkeypatch.setattr(links, "SETTLE_SECONDS", 0.1)
    run.answer(beginning, stdout=stdout)
    assert words in check(run)[1]


def test_macos_is_asked_with_its_own_commands(run, tmp_path, monkeypatch):
    marker = tmp_path / "System/Library/CoreServices/SystemVersion.plist"
    marker.parent.mkdir(parents=True)
    marker.touch()
    run.answer("/sbin/ifconfig lo", stdout="\tinet 127.0.0.1 netmask 0xff000000\n\tstatus: active\n")
    run.answer("/sbin/route -n get", stdout="   route to: 127.0.0.2\n  interface: lo\n      flags: <UP,DONE>\n")
    monkeypatch.setattr(links, "ask", lambda *_: "SSH-2.0-mac")
    assert check(run, root=str(tmp_path))[1] == ""
    assert [argv[0] for argv in run.asked] == ["/sbin/ifconfig", "/sbin/route"]


def test_a_mac_without_a_cable_says_that_and_not_that_the_address_is_missing(run, tmp_path, monkeypatch):
    marker = tmp_path / "System/Library/CoreServices/SystemVersion.plist"
    marker.parent.mkdir(parents=True)
    marker.touch()
    monkeypatch.setattr(links, "SETTLE_SECONDS", 0.1)
    run.answer("/sbin/ifconfig lo", stdout="\tstatus: inactive\n")
    assert "to mac2 Thunderbolt 1 (en2): no link on Thunderbolt 2 (lo)" in check(run, root=str(tmp_path))[1]


def test_an_address_that_comes_with_the_link_a_moment_later_is_waited_for(run, monkeypatch):
    said = iter([UP, UP + "    inet 127.0.0.1/8 scope host lo\n"])
    real = run.__class__.__call__
    monkeypatch.setattr(links, "ask", lambda *_: "SSH-2.0-linux")

    def answers(argv, *rest):
        if argv[:2] == ["ip", "address"]:
            run.answer("ip address show", stdout=next(said))
        return real(run, argv, *rest)

    assert links.check_links(PLAN, "mac1", links.CheckOptions(), {}, answers, "/nowhere")[0].works
    assert next(said, "both were asked for") == "both were asked for"


def test_a_host_that_the_plan_does_not_know_is_named(run):
    with pytest.raises(TopologyError, match="the plan does not know the host mac7"):
        links.check_links(PLAN, "mac7", links.CheckOptions(), {}, run, "/nowhere")


def test_all_failures_are_named_at_once_and_what_works_is_told_too(run, server, monkeypatch):
    other = WantPort(3, "lo", "127.0.0.1", 8, "mac3", "127.0.0.3", "")
    plan = codec.plan_to_dict(FabricPlan(("mac1",), (), (HostPlan("mac1", (HERE, other)),), "ring"))
    found, failures = check(run, server.port, 0.3, plan=plan)
    assert [link.works for link in found] == [True, True]  # 127.0.0.3 refuses, which is an answer
    monkeypatch.setattr(links, "ask", silent)
    failures = check(run, plan=plan)[1]
    assert "mac1 Thunderbolt 2 (lo) to mac2 Thunderbolt 1 (en2): " in failures
    assert "; mac1 Thunderbolt 3 (lo) to mac3: " in failures


@pytest.fixture
def ends():
    """The other end's listener, in a thread here; on a host it is a process."""
    listener = socket.create_server(("127.0.0.2", 0))
    end = link_ends.LinkEnd("127.0.0.2", listener.getsockname()[1], "t0ken")
    who = {"host": "mac2", "receptacle": 1, "device": "en2"}
    thread = threading.Thread(target=link_ends.serve, args=([(listener, end, who)], 20.0), daemon=True)
    thread.start()
    yield end, who, thread
    listener.close()


def measured(run, server, end, **options):
    found = links.check_links(
        PLAN, "mac1", links.CheckOptions(server.port, 2.0, **options), {"mac2": [end.as_dict()]}, run, "/nowhere"
    )
    return found[0]


def test_a_listening_peer_says_who_it_is_and_both_directions_are_measured(run, server, ends):
    link = measured(run, server, ends[0], seconds=0.1)
    assert (link.works, link.evidence, link.problem) == (True, "mac2 Thunderbolt 1 (en2)", "")
    assert 0 < link.milliseconds < 1000
    assert link.send_gbps > 0 and link.receive_gbps > 0


def test_the_listener_ends_when_its_end_was_measured(run, server, ends):
    measured(run, server, ends[0])
    ends[2].join(5)
    assert not ends[2].is_alive()


def test_another_host_at_the_end_of_the_cable_is_named(run, server, ends):
    ends[1].update(host="mac3", receptacle=4, device="en5")
    link = measured(run, server, ends[0])
    assert not link.works
    assert "127.0.0.2 is answered by mac3 Thunderbolt 4 (en5) instead of mac2 Thunderbolt 1 (en2)" in link.problem


def test_who_does_not_know_the_token_gets_no_word_and_the_link_still_works(run, server, ends):
    link = measured(run, server, replace(ends[0], token="wrong"))
    assert link.works and "not measured" in link.problem


@pytest.mark.parametrize("line", [b"", b"GET / HTTP/1.1\r\n", b"boltloom t0ken echo -1\n", b"x" * 4096, b"\xff\n"])
def test_a_listener_survives_whatever_it_is_told(run, server, ends, line):
    with socket.create_connection(("127.0.0.2", ends[0].port), timeout=2) as caller:
        caller.sendall(line)
    assert measured(run, server, ends[0]).evidence == "mac2 Thunderbolt 1 (en2)"


def test_bytes_that_come_back_changed_are_a_broken_link(run, server):
    class Liar(threading.Thread):
        def run(self):
            for _caller in range(2):
                connection, _address = listener.accept()
                with connection:
                    connection.settimeout(2)
                    link_wire.read_line(connection)
                    connection.sendall(
                        b'{"host": "mac2", "receptacle": 1, "device": "en2", "caller": "127.0.0.1"}\n' + bytes(1 << 16)
                    )

    with socket.create_server(("127.0.0.2", 0)) as listener:
        thread = Liar(daemon=True)
        thread.start()
        link = measured(run, server, link_ends.LinkEnd("127.0.0.2", listener.getsockname()[1], "t"))
        thread.join(5)
    assert not link.works and "bytes came back changed" in link.problem


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to drop")
@pytest.mark.parametrize(("sudo", "user"), [({"SUDO_UID": "501", "SUDO_GID": "20"}, "501 20"), ({}, "65534 65534")])
def test_who_answers_at_an_end_is_not_root(sudo, user):
    program = (
        "import os\n"
        "from ansible_collections.boltloom.cluster.plugins.module_utils._host import link_ends\n"
        "link_ends.serve = lambda *_: print(os.getuid(), os.getgid(), os.getgroups())\n"
        "link_ends._serve_as_user((), 1.0)\n"
    )
    env = {"PYTHONPATH": BUILD, **sudo}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20, env=env)
    assert done.stdout == f"{user} []\n", done.stderr


def test_ends_are_served_by_a_process_that_goes_away(tmp_path):
    """A real fork, in a process of its own: it must neither hold our pipes nor outlive its deadline."""
    program = (
        "from ansible_collections.boltloom.cluster.plugins.module_utils._host import link_ends\n"
        "from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import WantPort\n"
        "want = WantPort(2, 'lo', '127.0.0.1', 8, 'mac2', '127.0.0.2', '')\n"
        "print(link_ends.open_ends('mac1', [want], 3.0)[0].port)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, timeout=20, env={"PYTHONPATH": BUILD}
    )
    port = int(done.stdout)
    socket.create_connection(("127.0.0.1", port), timeout=20).close()  # the pipe was closed while somebody listens
    end = time.monotonic() + 30
    with pytest.raises(ConnectionRefusedError):
        while time.monotonic() < end:
            socket.create_connection(("127.0.0.1", port), timeout=20).close()
            time.sleep(0.05)
