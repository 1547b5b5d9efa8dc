# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The one place where a module's failures become a line for the user.

A module is its documentation, its argument spec and a body; the body raises
``BoltloomError`` for what a person can repair. Any other exception is a bug and
keeps its traceback.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Mapping

from ansible.module_utils.basic import AnsibleModule

from ._fabric import shown
from ._fabric.errors import BoltloomError

# (parameters, check mode) -> what the module returns, "changed" included.
Body = Callable[[Mapping[str, Any], bool], Dict[str, Any]]


def run_module(argument_spec: Mapping[str, Any], body: Body) -> None:
    """Run ``body`` as an Ansible module that supports check mode."""
    module = AnsibleModule(argument_spec=dict(argument_spec), supports_check_mode=True)
    try:
        result = body(module.params, module.check_mode)
    except BoltloomError as error:
        module.fail_json(msg=shown.line(error.one_line()), **getattr(error, "details", {}))
    else:
        escaped = shown.result(result)
        for words in escaped.pop("warnings", ()):
            module.warn(words)
        module.exit_json(**escaped)
