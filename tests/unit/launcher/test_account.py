# SPDX-License-Identifier: Apache-2.0
"""What a run had to say: Ansible's events become lines for people."""

from __future__ import annotations

from typing import Any

import pytest
from boltloom_launcher.ansible.account import Account


def event(kind: str, action: str = "", host: str = "", **result: Any) -> dict[str, Any]:
    return {"event": kind, "event_data": {"task_action": f"boltloom.cluster.{action}", "host": host, "res": result}}


def account(*events: dict[str, Any]) -> Account:
    told = Account()
    for each in events:
        told.take(each)
    return told


def test_facts_and_results_are_kept_and_the_order_is_the_inventory_s() -> None:
    told = account(
        event("runner_on_start", "thunderbolt_facts", "mac2"),
        event("runner_on_start", "thunderbolt_facts", "mac1"),
        event("runner_on_ok", "thunderbolt_facts", "mac1", ansible_facts={"boltloom_thunderbolt": {"schema": 1}}),
        event("runner_on_ok", "fabric_plan", "mac2", plan={"schema": 1}, over="thunderbolt"),
        event("runner_on_ok", "thunderbolt_net", "mac1", changed=True),
    )
    assert told.order == ["mac2", "mac1"]
    assert told.facts == {"mac1": {"schema": 1}}
    assert told.results["fabric_plan"]["over"] == "thunderbolt"
    assert told.changed == {"mac1"}
    assert told.problems() == []


def test_all_unreachable_hosts_are_one_line_with_the_words_of_ssh() -> None:
    why = (
        "Task failed: Failed to connect to the host via ssh: Warning: x\r\nssh: connect to host mac3 port 22: No route"
    )
    told = account(
        event("runner_on_unreachable", "thunderbolt_facts", "mac3", msg=why),
        event("runner_on_unreachable", "thunderbolt_facts", "mac4", msg=""),
        event("runner_on_failed", "fabric_plan", "mac1", msg="nothing is known of mac3, mac4: it could not"),
    )
    (line,) = told.problems()
    assert line.startswith(
        "no connection to mac3 (ssh: connect to host mac3 port 22: No route); mac4 (it failed without a word): "
    )


@pytest.mark.parametrize(
    ("action", "result", "line"),
    [
        ("thunderbolt_facts", {"msg": "system_profiler hangs"}, "mac1: system_profiler hangs"),
        ("become_check", {"msg": "mac1: sudo does not work (x)"}, "mac1: sudo does not work (x)"),
        ("fabric_plan", {"msg": "no ring"}, "no ring"),
        ("hostfile", {"msg": "Task failed: Action failed: it cannot be written"}, "it cannot be written"),
        ("link_check", {"msg": "two\n  lines"}, "mac1: two lines"),
        (
            "thunderbolt_net",
            {"msg": "MODULE FAILURE\nSee", "module_stderr": "sh: no python3\nx"},
            "mac1: MODULE FAILURE (sh: no python3)",
        ),
        ("thunderbolt_net", {}, "mac1: it failed without a word"),
    ],
)
def test_a_failure_is_one_line_that_names_its_host_once(action: str, result: dict[str, str], line: str) -> None:
    told = account(event("runner_on_failed", action, "mac1", **result))
    assert told.problems() == [line]
    assert told.failed_in(action)


def test_failures_that_the_play_ignores_are_none() -> None:
    failed = event("runner_on_failed", "link_check", "mac1", msg="x")
    failed["event_data"]["ignore_errors"] = True
    assert account(failed).problems() == []


def test_warnings_come_once_and_ansible_s_remarks_on_interpreters_not_at_all() -> None:
    shown = {"event": "warning", "stdout": "[WARNING]: mac1: odd\nservice"}
    discovered = "Host 'mac1' is using the discovered Python interpreter at '/usr/bin/python3'"
    told = account(
        shown,
        event("runner_on_ok", "thunderbolt_facts", "mac1", warnings=[discovered, "mac1: odd service", "b"]),
    )
    assert told.warnings == ["mac1: odd service", "b"]


def test_a_phase_is_told_as_it_begins_but_not_ansible_s_own() -> None:
    phases: list[str] = []
    told = Account(on_phase=phases.append)
    told.take({"event": "playbook_on_task_start", "event_data": {"task": "Plan", "task_action": "x.fabric_plan"}})
    own = {"task": "Validating", "task_action": "ansible.builtin.validate_argument_spec"}
    told.take({"event": "playbook_on_task_start", "event_data": own})
    assert phases == ["Plan"]


def test_a_diff_names_the_host_and_what_is_the_same_has_none() -> None:
    diff = [{"before": "a\n", "after": "b\n"}, {"before": "c", "after": "c"}]
    told = account(event("runner_on_ok", "thunderbolt_net", "mac1", diff=diff))
    assert told.diffs == ["--- mac1 before\n+++ mac1 after\n@@ -1 +1 @@\n-a\n+b"]


@pytest.mark.parametrize("odd", [{}, {"event": "runner_on_ok"}, {"event": "runner_on_ok", "event_data": {"res": None}}])
def test_an_event_without_what_we_look_for_is_no_matter(odd: dict[str, Any]) -> None:
    assert account(odd).problems() == []
