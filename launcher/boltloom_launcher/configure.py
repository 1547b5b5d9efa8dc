# SPDX-License-Identifier: Apache-2.0
"""``boltloom config``: from cables to a hostfile, by the playbooks of the collection."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import codec
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.by_hand import lines_by_hand
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.diff import diff_host

from boltloom_launcher.ansible.account import Account
from boltloom_launcher.ansible.collection import Play, Value, Voice, fit, run_play
from boltloom_launcher.ansible.targets import Targets
from boltloom_launcher.errors import UsageError

STDOUT = "-"


@dataclass(frozen=True)
class ConfigRequest:
    """What the command line asks for."""

    targets: Targets
    over: str | None  # None: thunderbolt, or what the inventory says
    backend: str | None  # None: the best that cables and RDMA allow, or what the inventory says
    auto_setup: bool
    output: str | None  # path of the hostfile, "-" for stdout, None for where the playbook or the peer writes it
    envs: tuple[str, ...] = ()
    check: bool = False
    diff: bool = False
    ignore_unreachable: bool = False
    become_password: str | None = field(default=None, repr=False)


def configure(request: ConfigRequest, voice: Voice, show: Callable[[str], None]) -> None:
    """Configure the hosts, or say how that is done by hand; and write the hostfile. ``show`` writes to stdout.

    :raises UnfitError: hosts or cables are not fit, one line for each.
    """
    _see_the_folder(request)
    account = run_play(_play(request), voice)
    for diff in account.diffs if request.diff else ():
        show(diff)
    for warning in account.warnings:
        voice.note(f"warning: {warning}")
    if not request.auto_setup or account.failed_in("become_check"):
        by_hand(account, show)
    fit(account)
    fabric = account.results.get("fabric_plan", {})
    if request.backend is None and fabric.get("reason", "asked for") != "asked for":
        voice.note(f"backend {fabric['backend']}: {fabric['reason']}")
    if request.auto_setup:
        verb = "would be changed" if request.check else "changed"
        voice.phase(f"{len(account.facts)} hosts looked at, {verb}: {', '.join(sorted(account.changed)) or 'none'}")
    _show_hostfile(request, account.results.get("hostfile", {}), show)


def by_hand(account: Account, show: Callable[[str], None]) -> None:
    """Print what is to be typed on each host: the steps that the module would do, from the same facts and plan."""
    fabric = account.results.get("fabric_plan")
    if not fabric or fabric.get("over") != "thunderbolt":
        return
    plan = codec.plan_from_dict(fabric["plan"])
    for want in plan.hosts:
        if want.host in account.facts:
            facts = codec.facts_from_dict(account.facts[want.host])
            title = f"Setup for {want.host}"
            lines = lines_by_hand(diff_host(facts, want), facts.system) or ("# nothing to do",)
            show("\n".join([title, "=" * len(title), *lines, ""]))


def _is_printed(request: ConfigRequest) -> bool:
    """The peer prints the hostfile unless told where to write it; with an inventory it has a place beside that."""
    return request.output == STDOUT or (request.output is None and not request.targets.inventories)


def _see_the_folder(request: ConfigRequest) -> None:
    """:raises UsageError: the hostfile could not be written, which is better known before hosts are changed."""
    if request.output is None or _is_printed(request):
        return
    folder = os.path.dirname(os.path.abspath(os.path.expanduser(request.output)))
    if not os.path.isdir(folder):
        raise UsageError(f"{request.output} cannot be written: there is no folder {folder}", "make it first")


def _play(request: ConfigRequest) -> Play:
    variables: dict[str, Value] = {}
    own_say = bool(request.targets.inventories)  # an inventory may say what the command line does not
    if request.over or not own_say:
        variables["thunderbolt_net_over"] = request.over or "thunderbolt"
    if request.backend or not own_say:
        variables["thunderbolt_net_backend"] = request.backend or "auto"
    if request.envs:
        variables["thunderbolt_net_envs"] = request.envs
    printed = _is_printed(request)
    if request.output is not None and not printed:
        variables["thunderbolt_net_hostfile"] = os.path.abspath(os.path.expanduser(request.output))
    options = ["--check"] * request.check + ["--diff"] * request.diff
    return Play(
        playbook="configure" if request.auto_setup else "plan",
        targets=request.targets,
        variables=variables,
        thrown_away={"thunderbolt_net_hostfile": "hostfile.json"} if printed else {},
        options=tuple(options),
        become_password=request.become_password,
        ignore_unreachable=request.ignore_unreachable,
    )


def _show_hostfile(request: ConfigRequest, result: Mapping[str, Any], show: Callable[[str], None]) -> None:
    content = str(result.get("content", ""))
    if request.output == STDOUT:
        show(content.rstrip("\n"))
    elif _is_printed(request):
        show("\n".join(["Hostfile", "========", content.rstrip("\n")]))
    else:
        verb = ("would write" if request.check else "wrote") if result.get("changed") else "unchanged:"
        show(str(result.get("kept") or f"{verb} {result.get('path', '')}"))
