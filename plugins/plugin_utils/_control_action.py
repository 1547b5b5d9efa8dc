# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The one place where the failures of an action on the control machine become a line for the user."""

from __future__ import annotations

from typing import Any, Dict, Mapping

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import shown
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import BoltloomError, PlanError

TOGETHER = "linear"
ALONE = ("free", "host_pinned")  # strategies in which each host goes ahead at its own pace


class NotTogether(BoltloomError):
    """The play does not take all hosts through each task together, so what they report is never complete."""


def refuse_alone(task: Any) -> None:
    """:raises NotTogether: the strategy of the play lets a host go ahead of the others."""
    parent = task
    while parent is not None and getattr(parent, "_play", None) is None:
        parent = getattr(parent, "_parent", None)
    strategy = str(getattr(getattr(parent, "_play", None), "strategy", TOGETHER))
    if strategy.rpartition(".")[2] in ALONE:
        raise NotTogether(
            "the play has 'strategy: {0}', and here all hosts must have reported first".format(strategy),
            "remove it from the play (strategy: linear)",
        )


class ControlAction(ActionBase):
    """An action that works on what all hosts reported. A subclass has a spec and an answer."""

    TRANSFERS_FILES = False
    _requires_connection = False
    ARGUMENT_SPEC: Dict[str, Any] = {}

    def answer(self, arguments: Mapping[str, Any], task_vars: Mapping[str, Any]) -> Dict[str, Any]:
        """What the task returns. :raises BoltloomError: what a person can repair."""
        raise NotImplementedError

    def show(self, text: str) -> None:
        """Let people read a text of several lines, with an empty line around it."""
        Display().display("\n{0}\n".format(shown.block(text)))

    def run(self, tmp=None, task_vars=None):
        """Check the arguments, answer, and give failures as one line without a traceback."""
        result = super().run(tmp, task_vars)
        arguments: Dict[str, Any] = {}
        try:
            refuse_alone(self._task)
            _report, arguments = self.validate_argument_spec(self.ARGUMENT_SPEC)
            result.update(self.answer(arguments, task_vars or {}))
        except BoltloomError as error:
            result.update(failed=True, msg=error.one_line(), **_evidence(error, arguments.get("show", True)))
        except AnsibleError as error:
            result.update(failed=True, msg=error.message)
        return shown.result(result)


def _evidence(error: BoltloomError, show: bool) -> Dict[str, Any]:
    """What a person needs to see why no plan can be made; the picture stands above the error."""
    if not isinstance(error, PlanError) or not error.picture:
        return {}
    if show:
        Display().display("\n{0}\n".format(shown.block(error.picture)))
    return {"picture": error.picture, "warnings": list(error.warnings)}
