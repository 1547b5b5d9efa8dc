# SPDX-License-Identifier: Apache-2.0
"""What ranks tell each other is typed and signed."""

from __future__ import annotations

import pytest
from boltloom_launcher.allocation.messages import (
    Agreed,
    Chosen,
    Draft,
    Hello,
    Member,
    NotOurs,
    Refused,
    decode,
    encode,
    session_key,
    signature,
    token,
)

ALL = [
    Hello("run", "nonce", "alike", 1, 2, "mäc", -1, 0),
    Draft("calm-crane-1", "10.0.0.1", [Member("a", ["10.0.0.1"], [[], ["rdma_en2"]], 0, 1)]),
    Chosen([20001, 20002]),
    Agreed(20001, 20002, [[], [3]]),
    Refused("words\nof two lines", "another key"),
]


@pytest.mark.parametrize("message", ALL, ids=lambda each: type(each).__name__)
def test_there_and_back(message: Hello) -> None:
    line = encode(message, b"key")
    assert line.count(b"\n") == 1 and line.endswith(b"\n")
    back, mark, body = decode(line[:-1])
    assert back == message
    assert mark == signature(b"key", body) != signature(b"other", body)


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"- ", b"- {}", b"- []", b'- ["Nothing"]', b'- ["Chosen"]', b'- ["Chosen", 1]', b"GET / HTTP/1.1"),
        *(b'- ["Agreed", true, 2, []]', b'- ["Draft", "a", "b", [[1]]]', b'- ["Refused", 1, ""]', b"\xff\xfe \x00"),
        b"- " + b"[" * 100_000,
    ],
)
def test_what_is_no_message(line: bytes) -> None:
    with pytest.raises(NotOurs):
        decode(line)


def test_a_signature_serves_one_connection_and_direction() -> None:
    keys = {session_key(b"key", hub, visitor, way) for hub in "ab" for visitor in "cd" for way in ("hub", "visitor")}
    assert len(keys) == 8


def test_the_token_is_the_runs_own_and_as_the_contract_wants_it() -> None:
    assert token(b"key", "nonce") == token(b"key", "nonce")
    assert len({token(key, nonce) for key in (b"1", b"2") for nonce in "ab"}) == 4
    assert len(token(b"key", "nonce")) == 32 and int(token(b"key", "nonce"), 16)
