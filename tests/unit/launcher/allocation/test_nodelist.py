# SPDX-License-Identifier: Apache-2.0
"""Slurm's lists of nodes. tests/launcher/test_exec.py compares with scontrol."""

from __future__ import annotations

import pytest
from boltloom_launcher.allocation.nodelist import expand
from boltloom_launcher.errors import UsageError


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("n1", ["n1"]),
        ("n1,login", ["n1", "login"]),
        ("n[1-3,7]", ["n1", "n2", "n3", "n7"]),
        ("gpu[08-10]x,n2", ["gpu08x", "gpu09x", "gpu10x", "n2"]),
        ("r[1-2]n[01-02]", ["r1n01", "r1n02", "r2n01", "r2n02"]),
        ("n[9-11]", ["n9", "n10", "n11"]),
    ],
)
def test_every_name_in_its_order(text: str, names: list[str]) -> None:
    assert expand(text) == names


@pytest.mark.parametrize(
    "text", ["", ",", "n1,", ",n1", "n[", "n[]", "n[3-1]", "n[1-2", "n1]", "n[a]", "n[0-99999999]"]
)
def test_what_is_no_list(text: str) -> None:
    with pytest.raises(UsageError, match="is no list of nodes"):
        expand(text)
