# SPDX-License-Identifier: Apache-2.0
"""Lists of hosts as people write them."""

from __future__ import annotations

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.hostfile import Host
from boltloom_launcher.errors import HostfileError, UsageError
from boltloom_launcher.host_list import from_names, from_text, is_text
from hypothesis import given
from hypothesis import strategies as st


def test_names_are_repeated_and_addresses_taken_as_they_are() -> None:
    assert from_names("mac1,10.0.0.5", 2) == (
        Host("mac1"),
        Host("mac1"),
        Host("10.0.0.5", ("10.0.0.5",)),
        Host("10.0.0.5", ("10.0.0.5",)),
    )


NO_HOSTS = [
    "",
    "a,,b",
    "a,",
    "-oProxyCommand=x",
    "a b",
    "a;b",
    "a=b",
    "a\n",
    "[x]",
    "[1-]",
    "a[",
    "user@",
    "[fd00::1",
    "@[]",
]


@pytest.mark.parametrize("names", NO_HOSTS)
def test_what_is_no_name_is_refused(names: str) -> None:
    with pytest.raises(UsageError, match="which is no host"):
        from_names(names, 1)


def test_a_name_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="names a more than once"):
        from_names("a,b,a", 1)


@pytest.mark.parametrize(
    ("names", "repeat", "expected"),
    [
        ("studio-[1-3]", 1, "studio-1 studio-2 studio-3"),
        ("m[08-10,2]x,y", 1, "m08x m09x m10x m2x y"),
        ("a[1-2]-[3-4]", 1, "a1-3 a1-4 a2-3 a2-4"),
        ("me@mac1,ssh://me@mac2:2222", 2, "me@mac1 me@mac1 ssh://me@mac2:2222 ssh://me@mac2:2222"),
        ("a:1,b:3,c", 2, "a b b b c c"),
        ("m[1-2]:2", 5, "m1 m1 m2 m2"),
        ("[fd00::1],fd00::2,me@[fd00::3]:2", 1, "fd00::1 fd00::2 me@fd00::3 me@fd00::3"),
        ("10.0.0.1,me@10.0.0.2:1", 2, "10.0.0.1 10.0.0.1 me@10.0.0.2"),
    ],
)
def test_ranges_and_slots(names: str, repeat: int, expected: str) -> None:
    assert [host.ssh for host in from_names(names, repeat)] == expected.split()


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ("a[1-99999]", "whose range is none: write it as in studio-[1-4]"),
        ("a[3-1]", "whose range is none"),
        ("a[1-999][1-999]", "more than 4096 hosts: write a smaller range"),
        ("a:0", "--hosts gives a 0 ranks: write a number from 1 to 4096"),
        ("a:99999999999999", "--hosts gives a 99999999999999 ranks"),
        ("a[1-2],a2", "--hosts names a2 more than once"),
    ],
)
def test_ranges_and_numbers_that_are_none(names: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        from_names(names, 1)
    assert words in caught.value.one_line()


@given(st.text(alphabet="ab1-9,[]:@/.s ;=\n", max_size=20))
def test_whatever_is_typed_is_hosts_or_an_error_in_one_line(names: str) -> None:
    try:
        hosts = from_names(names, 1)
    except UsageError as error:
        assert "\n" not in error.one_line()
    else:
        assert hosts and all(host.ssh and not host.ssh.startswith("-") for host in hosts)


TEXT = """\
# of mpirun
mac1 slots=2 max_slots=4

me@mac[2-3]   # two more
[fd00::1]:2
10.0.0.9 slots=1
"""


def test_the_text_hostfile_of_another_launcher_is_read() -> None:
    assert is_text(TEXT)
    hosts = from_text(TEXT, "hosts").hosts
    assert [host.ssh for host in hosts] == ["mac1", "mac1", "me@mac2", "me@mac3", "fd00::1", "fd00::1", "10.0.0.9"]
    assert hosts[-1] == Host("10.0.0.9", ("10.0.0.9",))


@pytest.mark.parametrize("text", ["10gbe-1 slots=2", "2001:db8::1", "192.168.0.1", "7of9"])
def test_a_first_host_may_begin_with_a_digit(text: str) -> None:
    assert is_text(text)


@pytest.mark.parametrize("text", ["", "# only\n", '{"hosts": []}', '[{"ssh": "a"}]', "[]", "7", "null", '"a"', '["a"]'])
def test_what_may_be_json_is_left_to_its_reader(text: str) -> None:
    assert not is_text(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mac1 cores=2", "h: line 1 has 'cores=2' in it, which is not known: write HOST slots=N"),
        ("mac1\nmac2 slots=x", "h: line 2: slots is 'x': write a number of ranks from 1 to 4096"),
        ("mac1\n-oProxyCommand=x", "h: line 2: '-oProxyCommand=x' in it, which is no host"),
        ("a[2-1]", "h: line 1: 'a[2-1]' in it, whose range is none"),
    ],
)
def test_a_wrong_line_is_named(text: str, words: str) -> None:
    with pytest.raises(HostfileError) as caught:
        from_text(text, "h")
    assert caught.value.one_line().startswith(words)
