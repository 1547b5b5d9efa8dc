# SPDX-License-Identifier: Apache-2.0
"""The meeting of ranks, over real sockets: who comes, who is turned away, and what everybody hears."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

import pytest
from boltloom_launcher.allocation.hub import Hub
from boltloom_launcher.allocation.messages import Agreed, Draft, Hello, Member
from boltloom_launcher.allocation.visitor import Visitor
from boltloom_launcher.errors import UnfitError

KEY = b"k" * 32
LONG = 30.0


def hello(rank: int, size: int, run: str = "run", alike: str = "alike") -> Hello:
    return Hello(run, "", alike, rank, size, f"n{rank}", -1, 0)


class Meeting:
    """A hub on a free port, and whoever visits it in threads."""

    def __init__(self, size: int, patience: float = LONG) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        self.hub = Hub(listener, hello(0, size), KEY, time.monotonic() + patience)
        self.ends: dict[int, object] = {}
        self._threads: list[threading.Thread] = []

    def visitor(self, own: Hello, key: bytes = KEY, patience: float = LONG) -> Visitor:
        return Visitor(("127.0.0.1", self.port), own, key, time.monotonic() + patience, False)

    def comes(self, own: Hello, key: bytes = KEY, patience: float = LONG) -> None:
        """A rank comes, chooses a port of its number, and hears how it ends."""

        def visit() -> object:
            visitor = self.visitor(own, key, patience)
            visitor.visit()
            return visitor.choose([own.rank])

        self._start(own.rank, visit)

    def _start(self, name: int, work: Callable[[], object]) -> None:
        def noted() -> None:
            try:
                self.ends[name] = work()
            except UnfitError as error:
                self.ends[name] = error.message

        thread = threading.Thread(target=noted)
        thread.start()
        self._threads.append(thread)

    def over(self) -> dict[int, object]:
        for thread in self._threads:
            thread.join(LONG)
        return self.ends


def draft(size: int) -> Draft:
    return Draft("calm-crane-1", "127.0.0.1", [Member("n", ["127.0.0.1"], [], 0, 1)] * size)


YEAR = 366 * 24 * 3600.0  # more milliseconds than one look of the system takes


@pytest.mark.parametrize("patience", [LONG, YEAR])
def test_all_agree(patience: float) -> None:
    meeting = Meeting(4, patience)
    for rank in (3, 1, 2):
        meeting.comes(hello(rank, 4), patience=patience)
    guests = meeting.hub.gather()
    assert {rank: (guest.peer, guest.hello.host) for rank, guest in guests.items()} == {
        rank: ("127.0.0.1", f"n{rank}") for rank in (1, 2, 3)
    }
    assert meeting.hub.ask(draft(4)) == {1: [1], 2: [2], 3: [3]}
    agreed = Agreed(20001, 20002, [[0], [1], [2], [3]])
    meeting.hub.agree(agreed)
    assert meeting.over() == dict.fromkeys((1, 2, 3), agreed)


def test_who_comes_before_rank_zero_waits() -> None:
    meeting = Meeting(2)
    port, listener = meeting.port, meeting.hub.listener
    listener.close()
    meeting.comes(hello(1, 2))
    time.sleep(0.1)
    meeting.hub.listener = socket.create_server(("127.0.0.1", port))
    assert list(meeting.hub.gather()) == [1]
    meeting.hub.refuse("enough")
    assert meeting.over() == {1: "rank 0 has given up: enough"}


def test_the_missing_are_named_to_all() -> None:
    meeting = Meeting(4, patience=0.3)
    meeting.comes(hello(2, 4))
    with pytest.raises(UnfitError) as caught:
        meeting.hub.gather()
    words = "only 2 of 4 ranks came in time, missing: 1, 3: see what they say, or give them longer with --timeout"
    assert caught.value.message == words
    assert meeting.over() == {2: f"rank 0 has given up: {words}"}


def test_rank_zero_that_never_comes_is_named() -> None:
    meeting = Meeting(2)
    meeting.hub.listener.close()
    meeting.comes(hello(1, 2), patience=0.2)
    where = f"127.0.0.1 port {meeting.port}"
    assert str(meeting.over()[1]).startswith(f"rank 0 cannot be met at {where} (Connection refused): see what rank 0")


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (hello(1, 3), "rank 1 on n1 came, and there is one already: start each rank once"),
        (hello(7, 3), "rank 7 on n7 came, and there is one already: start each rank once"),
        (hello(2, 4), "rank 2 on n2 was started with a size of 4 and rank 0 one of 3: start all ranks alike"),
        (hello(2, 3, alike="other"), "rank 2 on n2 was started with other options or files: start all ranks alike"),
    ],
)
def test_ranks_that_do_not_fit_end_the_meeting(second: Hello, words: str) -> None:
    meeting = Meeting(3)
    meeting.comes(hello(1, 3))
    late = threading.Timer(0.1, lambda: meeting.comes(second))
    late.start()
    with pytest.raises(UnfitError) as caught:
        meeting.hub.gather()
    late.join()
    assert caught.value.message == words
    assert f"rank 0 has given up: {words}" in meeting.over().values()


def test_whose_key_differs_hears_what_to_do() -> None:
    meeting = Meeting(3)
    meeting.comes(hello(1, 3), key=b"o" * 32)
    meeting.comes(hello(2, 3))
    late = threading.Timer(0.2, lambda: meeting.comes(hello(1, 3)._replace(rank=1, host="late")))
    late.start()
    meeting.hub.gather()  # without whom it does not know
    where = f"127.0.0.1 port {meeting.port}"
    said = f"rank 0 at {where} has another key: set BOLTLOOM_TOKEN to the same secret for all ranks"
    assert meeting.ends == {1: said}
    meeting.hub.refuse("enough")
    late.join()
    meeting.over()


def test_a_rank_of_another_run_waits_until_its_own_has_the_port() -> None:
    meeting = Meeting(2, patience=0.5)
    meeting.comes(hello(1, 2, run="another"), patience=0.5)
    with pytest.raises(UnfitError, match="only 1 of 2"):
        meeting.hub.gather()
    meeting.hub.listener.close()
    assert "another run has its port" in str(meeting.over()[1]) or "refused" in str(meeting.over()[1])


def test_strangers_cost_nothing() -> None:
    meeting = Meeting(2)
    said = [b"", b"GET / HTTP/1.1\r\n\r\n", b"x" * 10_000, b'- ["Agreed", 1, 2, []]\n']
    strangers = [socket.create_connection(("127.0.0.1", meeting.port)) for _ in said]
    for stranger, words in zip(strangers, said, strict=True):
        stranger.sendall(words)
    meeting.comes(hello(1, 2))
    assert list(meeting.hub.gather()) == [1]
    for stranger in strangers:
        stranger.close()
    meeting.hub.refuse("enough")
    meeting.over()


def test_a_rank_that_ends_while_others_are_awaited_is_named() -> None:
    meeting = Meeting(3)

    def come_and_go() -> None:
        visitor = meeting.visitor(hello(1, 3))
        visitor._introduce(time.monotonic() + LONG)
        assert visitor._channel
        visitor._channel.close()

    meeting._start(1, come_and_go)
    with pytest.raises(UnfitError) as caught:
        meeting.hub.gather()
    assert caught.value.message == "rank 1 on n1 ended before all ranks had come: see what it says"


def test_a_rank_that_goes_no_further_is_heard() -> None:
    meeting = Meeting(3)
    meeting.comes(hello(1, 3))

    def refuse() -> None:
        visitor = meeting.visitor(hello(2, 3))
        visitor.visit()
        visitor.refuse("port 5 is in use")

    meeting._start(2, refuse)
    meeting.hub.gather()
    with pytest.raises(UnfitError) as caught:
        meeting.hub.ask(draft(3))
    assert caught.value.message == "rank 2 on n2: port 5 is in use"
    assert meeting.over()[1] == "rank 0 has given up: rank 2 on n2: port 5 is in use"


def test_an_unknown_name_is_told_at_once_or_waited_for() -> None:
    place = ("no-such-host.invalid", 1)
    with pytest.raises(UnfitError, match="no-such-host.invalid, where rank 0 shall be, is no known name: give --coord"):
        Visitor(place, hello(1, 2), KEY, time.monotonic() + LONG, new_names=False).visit()
    for word in ("a..b", "a" * 64):
        with pytest.raises(UnfitError, match=f"'{word}', where rank 0 shall be, is no name: give --coordinator"):
            Visitor((word, 1), hello(1, 2), KEY, time.monotonic() + LONG, new_names=True).visit()
    with pytest.raises(UnfitError, match="cannot be met at no-such-host.invalid port 1 .its name is not known"):
        Visitor(place, hello(1, 2), KEY, time.monotonic() + 0.1, new_names=True).visit()


def test_rank_zero_says_that_keys_differ() -> None:
    meeting = Meeting(2, patience=0.3)
    meeting.comes(hello(1, 2), key=b"o" * 32)
    with pytest.raises(UnfitError, match="missing: 1: 1 came with another key, so set BOLTLOOM_TOKEN to the same"):
        meeting.hub.gather()
    meeting.over()


def test_a_long_list_of_the_missing_is_cut() -> None:
    with pytest.raises(UnfitError, match="only 1 of 20 ranks .*, missing: 1, 2, 3, 4, 5, 6, 7, 8 and 11 more: "):
        Meeting(20, patience=0.05).hub.gather()
