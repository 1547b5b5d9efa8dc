# SPDX-License-Identifier: Apache-2.0
"""What a run of a playbook had to say, out of its events. Pure: events come in, lines for people come out."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Event = Mapping[str, Any]

# Actions on the control machine: the host at which Ansible counts them has nothing to do with what they say.
_CONTROL = ("configured_links", "fabric_graph", "fabric_plan", "hostfile", "link_report", "rdma_report")
_UNTOUCHED = "nothing is changed here, because a host failed"  # of a host that had nothing to do with it
_READING = ("thunderbolt_facts", "rdma_facts")  # either gives the ports of its host
_ROUTINE = "validate_argument_spec"  # a task that Ansible puts in by itself
_DISCOVERED = "Python interpreter"  # Ansible's remark on an interpreter that it found by itself


@dataclass
class Account:
    """Fills as the events come in."""

    on_phase: Callable[[str], None] = lambda words: None
    order: list[str] = field(default_factory=list)  # hosts as the inventory has them
    facts: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # host -> boltloom_thunderbolt
    results: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # action on the control machine -> its result
    changed: set[str] = field(default_factory=set)  # hosts that something was changed on
    unreachable: dict[str, str] = field(default_factory=dict)  # host -> why
    failures: list[tuple[str, str, str]] = field(default_factory=list)  # (action, host, words)
    warnings: list[str] = field(default_factory=list)
    diffs: list[str] = field(default_factory=list)
    started: bool = False  # a task was reached: what goes wrong from here on is no matter of files

    def take(self, event: Event) -> None:
        """One event of ansible-runner."""
        kind, data = event.get("event", ""), event.get("event_data") or {}
        if kind == "playbook_on_task_start":
            self.started = True
            if not _action(data).endswith(_ROUTINE):
                self.on_phase(str(data.get("task", "")))
        elif kind == "runner_on_start":
            if data.get("host") not in self.order:
                self.order.append(str(data.get("host", "")))
        elif kind in ("warning", "system_warning"):
            self._warn(str(event.get("stdout", "")))
        elif kind == "runner_on_unreachable":
            self.unreachable[str(data.get("host", ""))] = _words(_result(data))
        elif kind == "runner_on_failed":
            if not data.get("ignore_errors"):
                self.failures.append((_action(data), str(data.get("host", "")), _words(_result(data))))
        elif kind == "runner_on_ok":
            self._succeeded(_action(data), str(data.get("host", "")), _result(data))

    def _succeeded(self, action: str, host: str, result: Mapping[str, Any]) -> None:
        for text in result.get("warnings") or ():
            self._warn(str(text))
        if action in _CONTROL:
            self.results[action] = result
        elif action in _READING and result.get("ansible_facts"):
            self.facts[host] = result["ansible_facts"].get("boltloom_thunderbolt", {})
        if result.get("changed") and action not in _CONTROL:
            self.changed.add(host)
        self.diffs.extend(_diffs(host if action not in _CONTROL else "", result.get("diff")))

    def _warn(self, text: str) -> None:
        words = " ".join(re.sub(r"^\s*\[WARNING\]:", "", text).split())
        if words and _DISCOVERED not in words and words not in self.warnings:
            self.warnings.append(words)

    def problems(self) -> list[str]:
        """One line for each thing that somebody has to mend; the hosts that cannot be reached in one of them."""
        lines = [_of_host(action, host, words) for action, host, words in self.failures if _UNTOUCHED not in words]
        if self.unreachable:
            lines = [self.unreachable_line(), *(line for line in lines if not _echo(line))]
        return list(dict.fromkeys(lines))

    def unreachable_line(self) -> str:
        """All hosts that did not answer, in the inventory's order, each with the last words of its ssh."""
        hosts = sorted(self.unreachable, key=lambda host: self.order.index(host) if host in self.order else -1)
        named = "; ".join(f"{host} ({_last_words(self.unreachable[host])})" for host in hosts)
        return f"no connection to {named}: see that it is switched on, that 'ssh HOST true' works without a question"

    def failed_in(self, action: str) -> bool:
        """A task with this action failed."""
        return any(action == failed for failed, _host, _words in self.failures)


def _echo(line: str) -> bool:
    """The planner's remark on hosts that could not be reached, which the line above says better."""
    return line.startswith("nothing is known of ")


def _action(data: Mapping[str, Any]) -> str:
    return str(data.get("task_action", "")).rpartition(".")[2]


def _result(data: Mapping[str, Any]) -> Mapping[str, Any]:
    result = data.get("res")
    return result if isinstance(result, dict) else {}


def _words(result: Mapping[str, Any]) -> str:
    text = str(result.get("msg") or "").strip()
    said = str(result.get("module_stderr") or result.get("stderr") or "").strip()
    if said and (not text or text.startswith(("MODULE FAILURE", "Module result deserialization"))):
        line = said.splitlines()[-1 if "Traceback" in said else 0]
        text = f"{text.splitlines()[0] if text else 'it failed'} ({line})"
    return text or "it failed without a word"


def _last_words(text: str) -> str:
    """Of what Ansible says of a connection: the words of ssh, which come last."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    words = lines[-1] if lines else "no reason given"
    return re.sub(r"^(Task failed: )?Failed to connect to the host via ssh: ", "", words)


def _of_host(action: str, host: str, words: str) -> str:
    line = " ".join(words.split())
    line = re.sub(r"^Task failed: (Action failed: )?", "", line)
    return line if action in _CONTROL or host in line.split(":")[0] else f"{host}: {line}"


def _diffs(host: str, diff: Any) -> list[str]:
    """What --diff shows, as one text for each thing that is changed."""
    found = []
    for each in diff if isinstance(diff, list) else [diff]:
        if isinstance(each, dict) and each.get("before") != each.get("after"):
            name = f"{host} " if host else ""
            before, after = (str(each.get(key) or "").splitlines() for key in ("before", "after"))
            old, new = (name + str(each.get(f"{key}_header", key)) for key in ("before", "after"))
            found.append("\n".join(difflib.unified_diff(before, after, old, new, lineterm="")))
    return found
