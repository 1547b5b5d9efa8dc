# SPDX-License-Identifier: Apache-2.0
"""Links are verified from one end: over real sockets on the loopback where sockets matter, scripted elsewhere."""

from __future__ import annotations

import socket
import threading
import time

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import codec
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import TopologyError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import FabricPlan, HostPlan, WantPort
from ansible_collections.boltloom.cluster.plugins.module_utils._host import links
from ansible_collections.boltloom.cluster.plugins.module_utils._host.commands import HostError

HERE = WantPort(2, "lo", "127.0.0.1", 8, "mac2", "127.0.0.2", "")
PLAN = codec.plan_to_dict(FabricPlan(("mac1", "mac2"), (), (HostPlan("mac1", (HERE,)),), "pair"))


@pytest.fixture
def run(run):
    run.answer("ip -4 address show", stdout="    inet 127.0.0.1/8 scope host lo\n")
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
    (link,) = links.check_links(PLAN, "mac1", server.port, 5.0, run, "/nowhere")
    assert (link.peer, link.evidence) == ("mac2", "SSH-2.0-test")
    assert server.callers == ["127.0.0.1"]
    assert link.as_dict()["receptacle"] == 2


def test_a_refusal_is_an_answer_too(run):
    with socket.socket() as bound:  # bound and not listening: nobody else gets the port, and it refuses
        bound.bind(("127.0.0.2", 0))
        (link,) = links.check_links(PLAN, "mac1", bound.getsockname()[1], 5.0, run, "/nowhere")
    assert link.evidence == links.REFUSED


def test_a_connection_that_delivers_nothing_is_a_failure(run, server):
    server.greeting = None
    begin = time.monotonic()
    with pytest.raises(HostError, match=r"mac1 port 2 \(lo\) to mac2: 127.0.0.2 did not answer within 0.5 s"):
        links.check_links(PLAN, "mac1", server.port, 0.5, run, "/nowhere")
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
    assert links.check_links(PLAN, "mac1", 22, 5.0, run, "/nowhere")[0].evidence == "SSH-2.0-late"


def silent(want, port, seconds):
    raise OSError(113, "No route to host")


@pytest.mark.parametrize(
    ("ping", "words"),
    [(1, "look at the cable, and whether mac2 is configured"), (0, "ping gets through, so the cable is good")],
)
def test_ping_as_a_second_opinion_tells_a_cable_from_a_filter(ping, words, run, monkeypatch):
    monkeypatch.setattr(links, "ask", silent)
    run.answer("ping", rc=ping)
    with pytest.raises(HostError, match=words) as caught:
        links.check_links(PLAN, "mac1", 22, 0.2, run, "/nowhere")
    assert "No route to host" in caught.value.message


@pytest.mark.parametrize(
    ("beginning", "stdout", "words"),
    [
        (
            "ip -4 address show",
            "    inet 127.0.0.11/8 scope host lo\n",
            "the address 127.0.0.1 is not on the interface",
        ),
        ("ip -4 route get", "127.0.0.2 via 10.0.0.1 dev en0 src 10.0.0.2\n", "leaves by en0 instead of by the cable"),
        ("ip -4 route get", "", "there is no route to 127.0.0.2"),
    ],
)
def test_what_is_wrong_on_this_side_is_named_before_the_peer_is_asked(beginning, stdout, words, run, monkeypatch):
    monkeypatch.setattr(links, "ask", lambda *_: pytest.fail("the peer was asked"))
    run.answer(beginning, stdout=stdout)
    with pytest.raises(HostError, match=words):
        links.check_links(PLAN, "mac1", 22, 0.2, run, "/nowhere")


def test_macos_is_asked_with_its_own_commands(run, tmp_path, monkeypatch):
    marker = tmp_path / "System/Library/CoreServices/SystemVersion.plist"
    marker.parent.mkdir(parents=True)
    marker.touch()
    run.answer("/sbin/ifconfig lo", stdout="\tinet 127.0.0.1 netmask 0xff000000\n")
    run.answer("/sbin/route -n get", stdout="   route to: 127.0.0.2\n  interface: lo\n      flags: <UP,DONE>\n")
    monkeypatch.setattr(links, "ask", lambda *_: "SSH-2.0-mac")
    links.check_links(PLAN, "mac1", 22, 1.0, run, str(tmp_path))
    assert [argv[0] for argv in run.asked] == ["/sbin/ifconfig", "/sbin/route"]


def test_a_host_that_the_plan_does_not_know_is_named(run):
    with pytest.raises(TopologyError, match="the plan does not know the host mac7"):
        links.check_links(PLAN, "mac7", 22, 1.0, run, "/nowhere")


def test_all_failures_are_named_at_once(run, monkeypatch):
    other = WantPort(3, "lo", "127.0.0.1", 8, "mac3", "127.0.0.3", "")
    plan = codec.plan_to_dict(FabricPlan(("mac1",), (), (HostPlan("mac1", (HERE, other)),), "ring"))
    monkeypatch.setattr(links, "ask", silent)
    with pytest.raises(HostError, match="port 2 .* to mac2: .*; mac1 port 3 .* to mac3: "):
        links.check_links(plan, "mac1", 22, 0.2, run, "/nowhere")
