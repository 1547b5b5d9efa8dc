# SPDX-License-Identifier: Apache-2.0
"""Values of options that several commands take."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from typing import Any

import click

from boltloom_launcher.errors import UsageError
from boltloom_launcher.hosts import ENV_NAME

PORT = click.IntRange(1, 65535)
_MOST_SECONDS = 366 * 24 * 3600.0


class _Seconds(click.FloatRange):
    """A time that can be waited for: not nan, not infinite, a year at most."""

    def __init__(self, least: float | None = None) -> None:
        super().__init__(min=least or 0.0, max=_MOST_SECONDS, min_open=least is None)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is not a number of seconds.", param, ctx)
        return number


SECONDS = _Seconds()
SECONDS_OR_NONE = _Seconds(least=0.0)


def variables(given: Sequence[str]) -> dict[str, str]:
    """What --env says. A name without a value is set to nothing, as mlx.launch does.

    :raises UsageError: something names no variable.
    """
    env = {}
    for each in given:
        name, _, value = each.partition("=")
        if not ENV_NAME.fullmatch(name):
            raise UsageError(f"--env has {each!r}, which names no variable", "write NAME=VALUE")
        env[name] = value
    return env


def words(given: Sequence[str], option: str) -> tuple[str, ...]:
    """Options for another program, cut as a shell would. :raises UsageError: a quote is open."""
    try:
        return tuple(word for each in given for word in shlex.split(each))
    except ValueError as error:
        raise UsageError(f"{option} cannot be cut into words ({error})", "close its quotes") from None
