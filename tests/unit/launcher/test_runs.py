# SPDX-License-Identifier: Apache-2.0
"""Which run is meant, and how runs are shown."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from boltloom_launcher.agent.messages import RunEntry
from boltloom_launcher.errors import UsageError
from boltloom_launcher.runs import choose, escaped, for_programs, spans, table, without_launchers
from boltloom_launcher.visit import Found, Visit


def found(name: str, host: str = "mac1", **other: Any) -> Found:
    given: dict[str, Any] = {"key": name, "user": "me", "host": "mac9", "pid": 1, "command": ["a"], "logs": ""}
    given.update(since=0.0, grace=1.0, ranks=[[0, 11]], hosts=[], state="running")
    return Found(cast(Visit, SimpleNamespace(host=host)), RunEntry(name=name, **{**given, **other}))


OTTER, OTHER, LYNX = found("calm-otter-1"), found("calm-otter-12", pid=2), found("calm-lynx-7", pid=3)


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ("calm-otter-1", [OTTER]),  # a whole name, though another begins so
        ("calm-otter-12", [OTHER]),
        ("calm-l", [LYNX]),
        ("calm-lynx-7/3", [LYNX]),
    ],
)
def test_a_run_is_named(wanted: str, chosen: list[Found]) -> None:
    assert choose([OTTER, OTHER, LYNX], wanted) == chosen


def test_a_run_on_several_hosts_is_one() -> None:
    there = [found("calm-otter-1", "mac1"), found("calm-otter-1", "mac2")]
    assert choose(there, "calm") == there


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (
            "calm-o",
            "2 runs are called 'calm-o' (calm-otter-1/1 of me@mac9, calm-otter-12/2 of me@mac9): give its whole",
        ),
        ("calm-otter-12/3", "there is no run 'calm-otter-12/3' on these hosts: see boltloom ps"),
        ("", "there is no run ''"),
        ("a\x1b[0m", "there is no run 'a\\\\x1b[0m'"),
    ],
)
def test_what_names_none_or_several(wanted: str, words: str) -> None:
    with pytest.raises(UsageError) as error:
        choose([OTTER, OTHER, LYNX], wanted)
    assert error.value.one_line().startswith(words)


def test_two_of_one_name_are_told_apart_by_their_launchers() -> None:
    twins = [found("calm-otter-1"), found("calm-otter-1", pid=2)]
    with pytest.raises(UsageError) as error:
        choose(twins, "calm-otter-1")
    assert error.value.one_line().endswith("(calm-otter-1/1 of me@mac9, calm-otter-1/2 of me@mac9): give NAME/PID")
    assert choose(twins, "calm-otter-1/2") == twins[1:]


def test_what_is_over_is_shown_and_cannot_be_chosen() -> None:
    over = found("calm-otter-1", state="over")
    assert " over " in table([over])[1]
    with pytest.raises(UsageError):
        choose([over], "calm-otter-1")


def test_a_table_for_people() -> None:
    rows = table(
        [OTTER, found("x", "a-long-host", ranks=[[0, 1], [1, 2], [3, 4]], command=["echo", "a\nb\x1b[2J", "x"])]
    )
    assert [row.split()[:3] for row in rows] == [
        ["RUN", "HOST", "RANKS"],
        ["calm-otter-1", "mac1", "0"],
        ["x", "a-long-host", "0-1,3"],
    ]
    assert rows[2].endswith("running  echo 'a\\nb\\x1b[2J' x")
    assert len({row.index("  " + word) for row, word in zip(rows, ("HOST", "mac1", "a-long-host"), strict=True)}) == 1


def test_a_launchers_own_entry_is_shown_where_nothing_else_is_known() -> None:
    own = found("calm-otter-1", ranks=[])
    assert without_launchers([own, LYNX]) == [own, LYNX]
    assert without_launchers([own, OTTER, LYNX]) == [OTTER, LYNX]


def test_spans() -> None:
    assert spans([]) == ""
    assert spans([5, 0, 1, 2, 7, 8]) == "0-2,5,7-8"


def test_escaped() -> None:
    assert escaped("a\u202eb\udc80") == "a\\u202eb\\udc80"


def test_for_programs() -> None:
    (told,) = for_programs([OTTER])
    assert told["launcher"] == {"user": "me", "host": "mac9", "pid": 1}
    assert (told["ranks"], told["output_dir"]) == ([{"rank": 0, "pid": 11}], None)
