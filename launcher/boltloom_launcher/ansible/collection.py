# SPDX-License-Identifier: Apache-2.0
"""Runs a playbook of our own collection to its end."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from boltloom_launcher.ansible.account import Account
from boltloom_launcher.ansible.complaint import last_words
from boltloom_launcher.ansible.ending import Ending
from boltloom_launcher.ansible.private import private_folder, sockets
from boltloom_launcher.ansible.settings import play_environment
from boltloom_launcher.ansible.targets import Targets
from boltloom_launcher.errors import DeadlinePassed, UnfitError, UsageError

Value = str | bool | Sequence[str]


@dataclass(frozen=True)
class Play:
    """A playbook and how it is to be run."""

    playbook: str  # of boltloom.cluster
    targets: Targets
    variables: Mapping[str, Value] = field(default_factory=dict)
    thrown_away: Mapping[str, str] = field(default_factory=dict)  # variable -> a file that is wanted for nothing else
    options: tuple[str, ...] = ()  # further ones of ansible-playbook
    become_password: str | None = field(default=None, repr=False)
    ignore_unreachable: bool = False


@dataclass(frozen=True)
class Voice:
    """Where a person hears what happens."""

    phase: Callable[[str], None] = lambda words: None  # as it begins
    note: Callable[[str], None] = lambda words: None
    transcript: Callable[[str], None] = lambda text: None  # everything that Ansible prints


def run_play(play: Play, voice: Voice) -> Account:
    """Run it; with ``ignore_unreachable`` again, without the hosts that did not answer.

    What went wrong on the hosts is in the answer.

    :raises UsageError: Ansible did not come as far as the hosts.
    :raises Interrupted: a signal ended it.
    """
    import boltloom_launcher.ansible.runner  # noqa: F401 - takes its time, so before there is anything to clean up

    without: list[str] = []
    ending = Ending()
    with ending.listening(), private_folder() as folder:
        while True:
            account = _once(play, without, folder, voice, ending)
            if not account.unreachable or not play.ignore_unreachable:
                return account
            voice.note(f"{account.unreachable_line()}; going on without")
            without += account.unreachable


def fit(account: Account) -> Account:
    """The account of a run in which nothing went wrong. :raises UnfitError: something did, one line for each."""
    problems = account.problems()
    if problems:
        raise UnfitError(problems)
    return account


def _once(play: Play, without: Sequence[str], folder: Path, voice: Voice, ending: Ending) -> Account:
    from boltloom_launcher.ansible import runner

    account = Account(on_phase=voice.phase)

    def take(event: Mapping[str, object]) -> None:
        account.take(event)
        voice.transcript(str(event.get("stdout") or ""))

    arguments = [
        f"boltloom.cluster.{play.playbook}",
        *play.targets.arguments(folder, without),
        *_extra({**play.variables, **{name: str(folder / file) for name, file in play.thrown_away.items()}}, folder),
        *play.options,
        *(["--ask-become-pass"] if play.become_password is not None else []),
    ]
    environment = play_environment(os.environ, sockets(folder), not play.targets.inventories)
    ended = runner.play(runner.Command(arguments, environment, play.become_password), folder, take, ending)
    ending.raise_if_due()
    if ended.timed_out:
        raise DeadlinePassed("Ansible did not end in time", "see with --verbose which host is silent")
    if ended.status and not account.started:
        raise UsageError("Ansible did not come as far as the hosts", last_words(ended.text))
    if ended.status and not account.problems():
        raise UnfitError([f"Ansible ended with exit status {ended.status} ({last_words(ended.text)})"])
    return account


def _extra(variables: Mapping[str, Value], folder: Path) -> list[str]:
    """The variables in a file. What a user typed is data: a "{{" in it is no template."""
    if not variables:
        return []
    lines = [f"{name}: {_yaml(value)}" for name, value in variables.items()]
    path = folder / "variables.yml"
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return ["-e", f"@{path}"]


def _yaml(value: Value) -> str:
    if isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return '!unsafe "{}"'.format("".join(map(_letter, value)))
    return "[" + ", ".join(_yaml(each) for each in value) + "]"


def _letter(letter: str) -> str:
    return letter if letter.isprintable() and letter not in '"\\' else f"\\U{ord(letter):08x}"
