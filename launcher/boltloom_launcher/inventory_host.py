# SPDX-License-Identifier: Apache-2.0
"""What an inventory, and Ansible's configuration behind it, say of one host."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from typing import Any

from boltloom_launcher.agent.named_tuple import NamedTuple
from boltloom_launcher.errors import UsageError
from boltloom_launcher.host_list import MOST_SLOTS
from boltloom_launcher.hosts import ENV_NAME, HostSettings

# Those that are read here; templates and vaults in them are rendered first.
VARIABLES = (
    *("ansible_host", "ansible_ssh_host", "ansible_port", "ansible_ssh_port", "ansible_user", "ansible_ssh_user"),
    *("ansible_ssh_private_key_file", "ansible_private_key_file", "ansible_ssh_common_args", "ansible_ssh_extra_args"),
    *("ansible_ssh_args", "ansible_ssh_timeout", "ansible_host_key_checking", "ansible_ssh_host_key_checking"),
    *("ansible_python_interpreter", "ansible_connection"),
    *("boltloom_python", "boltloom_cwd", "boltloom_env", "boltloom_slots"),
)
_CONNECTIONS = ("", "ssh", "smart", "paramiko", "paramiko_ssh", "local")
_INTERPRETER_CHOICES = ("auto", "auto_legacy", "auto_silent", "auto_legacy_silent")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_NO = ("false", "no", "off", "0")


class InventoryHost(NamedTuple):
    """What an inventory says about reaching a host."""

    name: str
    address: str
    user: str = ""
    port: int | None = None
    python: str = ""
    key_file: str = ""
    first_ssh_args: tuple[str, ...] = ()  # before what stands above, as Ansible has it
    ssh_args: tuple[str, ...] = ()  # and behind it
    local: bool = False
    slots: int = 1  # ranks, where neither command line nor hostfile says it
    settings: HostSettings = HostSettings()


class Said(NamedTuple):
    """The variables of a host, and the settings of Ansible that hold where it has none."""

    place: str  # the inventory
    host: str
    variables: Mapping[str, Any]
    settings: Mapping[str, Any]

    def text(self, *names: str, setting: str = "") -> str:
        """The first of these variables that has a value, or the setting, or ""."""
        given = [self.variables[name] for name in names if self.variables.get(name) not in (None, "")]
        value = given[0] if given else self.settings.get(setting)
        return "" if value is None else str(value)

    def words(self, name: str, setting: str) -> list[str]:
        """Options for ssh, as a shell would cut them."""
        try:
            return shlex.split(self.text(name, setting=setting))
        except ValueError as error:
            raise self.wrong(name, f"cannot be read ({error})", "close its quotes") from None

    def number(self, *names: str, setting: str = "") -> int | None:
        """A number that is not negative, None where there is none."""
        value = self.text(*names, setting=setting)
        if value and not (value.isascii() and value.isdigit() and len(value) < 10):
            raise self.wrong(names[0], f"is {value[:60]!r}", "write a number")
        return int(value) if value else None

    def wrong(self, name: str, what: str, remedy: str) -> UsageError:
        """The error for a variable."""
        return UsageError(f"{self.place}: {name} of {self.host} {what}", remedy)


def host_of(said: Said) -> InventoryHost:
    """A host of an inventory. :raises UsageError: one of its variables is none that we could use."""
    connection = said.text("ansible_connection").rpartition(".")[2]
    if connection not in _CONNECTIONS:
        words = f"{said.place}: {said.host} is reached by the connection {connection!r}, which launches nothing"
        raise UsageError(words, "use ssh or local")
    python = said.text("ansible_python_interpreter")
    address = said.text("ansible_host", "ansible_ssh_host") or said.host
    key_file = said.text("ansible_ssh_private_key_file", "ansible_private_key_file", setting="private_key_file")
    first, last = _ssh_words(said)
    return InventoryHost(
        name=said.host,
        address=address,
        user=said.text("ansible_user", "ansible_ssh_user", setting="remote_user"),
        port=said.number("ansible_port", "ansible_ssh_port", setting="port"),
        python="" if python in _INTERPRETER_CHOICES else python,
        key_file=os.path.expanduser(key_file),
        first_ssh_args=tuple(first),
        ssh_args=tuple(last),
        local=connection == "local" or address in _LOOPBACK and not said.text("ansible_port", "ansible_ssh_port"),
        slots=_slots(said),
        settings=HostSettings(_path(said, "boltloom_python"), _path(said, "boltloom_cwd"), tuple(_env(said).items())),
    )


def _slots(said: Said) -> int:
    slots = said.number("boltloom_slots")
    if slots is not None and not 1 <= slots <= MOST_SLOTS:
        raise said.wrong("boltloom_slots", f"is {slots}", f"write a number of ranks from 1 to {MOST_SLOTS}")
    return slots or 1


def _path(said: Said, name: str) -> str:
    path = said.text(name)
    if path and (not path.startswith("/") or "\0" in path):
        raise said.wrong(name, f"is {path[:60]!r}", "write a path from the root on")
    return path


def _env(said: Said) -> dict[str, str]:
    given = said.variables.get("boltloom_env")
    if given in (None, ""):
        return {}
    if not isinstance(given, Mapping):
        raise said.wrong("boltloom_env", f"is {str(given)[:60]!r}", "write names and values, as in {NAME: VALUE}")
    return {_env_name(said, name): _env_value(said, name, value) for name, value in given.items()}


def _env_name(said: Said, name: object) -> str:
    if not ENV_NAME.fullmatch(str(name)):
        raise said.wrong("boltloom_env", f"has {str(name)[:60]!r}, which names no variable", "write NAME: VALUE")
    return str(name)


def _env_value(said: Said, name: object, value: object) -> str:
    """A scalar as YAML writes it: true and not True."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float) or "\0" in str(value):
        raise said.wrong("boltloom_env", f"has {name}, whose value is no text", "put the value between quotes")
    return str(value)


def _ssh_words(said: Said) -> tuple[list[str], list[str]]:
    """What stands on the command line of ssh before user, port and key, and what behind them."""
    first = said.words("ansible_ssh_args", "ssh_args")
    checked = said.text("ansible_host_key_checking", "ansible_ssh_host_key_checking", setting="host_key_checking")
    if checked.lower() in _NO:
        first += ["-o", "StrictHostKeyChecking=no"]
    timeout = said.number("ansible_ssh_timeout", setting="timeout")
    last = ["-o", f"ConnectTimeout={timeout}"] if timeout else []
    last += said.words("ansible_ssh_common_args", "ssh_common_args")
    last += said.words("ansible_ssh_extra_args", "ssh_extra_args")
    return first, last
