# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action boltloom.cluster.link_report. Its documentation stands in plugins/modules/link_report.py."""

from __future__ import annotations

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import BoltloomError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.link_report import report_links
from ansible_collections.boltloom.cluster.plugins.plugin_utils._control_action import ControlAction


class NotChecked(BoltloomError):
    """A host was to check its links and has no result."""


class ActionModule(ControlAction):
    """Says of every link whether it works, from what both ends found."""

    ARGUMENT_SPEC = {
        "results": {"type": "dict", "required": True},
        "lost": {"type": "list", "elements": "dict", "default": []},
        "slow_is_error": {"type": "bool", "default": False},
        "show": {"type": "bool", "default": True},
    }

    def answer(self, arguments, task_vars):
        """One line per link; a failure names each that does not work with both of its ends."""
        seen = {str(host): _links(host, result) for host, result in arguments["results"].items()}
        lost = {frozenset((host, address) for host, address in one["ends"]): one["words"] for one in arguments["lost"]}
        report = report_links(seen, lost)
        if arguments["show"] and report.lines:
            self.show("\n".join(report.lines))
        slow = list(report.slow)
        failed = [*report.dead, *(slow if arguments["slow_is_error"] else [])]
        warnings = [*report.remarks, *([] if arguments["slow_is_error"] else slow)]
        result = {"changed": False, "lines": list(report.lines), "dead": list(report.dead), "slow": slow}
        if failed:
            result.update(failed=True, msg="; ".join(failed))
        return dict(result, warnings=warnings)


def _links(host, result):
    if "links" not in result:
        raise NotChecked(
            "{0} did not check its links".format(host), str(result.get("msg") or "see its own result above")
        )
    return result["links"]
