# SPDX-License-Identifier: Apache-2.0
"""Values of options that several commands take."""

from __future__ import annotations

import click
import pytest
from boltloom_launcher.cli.values import SECONDS, SECONDS_OR_NONE, variables, words
from boltloom_launcher.errors import UsageError


@pytest.mark.parametrize("text", ["nan", "inf", "-1", "1e12", "soon", ""])
def test_times_that_cannot_be_waited_for(text: str) -> None:
    for kind in (SECONDS, SECONDS_OR_NONE):
        with pytest.raises(click.BadParameter):
            kind.convert(text, None, None)


def test_no_time_at_all_is_for_some_only() -> None:
    assert SECONDS_OR_NONE.convert("0", None, None) == 0
    with pytest.raises(click.BadParameter):
        SECONDS.convert("0", None, None)


def test_variables_as_mlx_launch_reads_them() -> None:
    assert variables(["A=1", "B", "C=x=y", "A=2"]) == {"A": "2", "B": "", "C": "x=y"}


@pytest.mark.parametrize("given", ["=1", "1A=2", "A B=1", "Ä=1"])
def test_what_names_no_variable(given: str) -> None:
    with pytest.raises(UsageError, match="which names no variable"):
        variables([given])


def test_options_for_other_programs_are_cut_as_a_shell_would() -> None:
    assert words(["-o 'A B'", "-4"], "--ssh-arg") == ("-o", "A B", "-4")
    with pytest.raises(UsageError, match=r"--ssh-arg cannot be cut into words \(No closing quotation\)"):
        words(["-o 'A"], "--ssh-arg")
