# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookup boltloom.cluster.hosts: the hosts of the playbooks, and never a big inventory by mistake."""

from __future__ import annotations

DOCUMENTATION = r"""
name: hosts
short_description: The hosts that the playbooks of this collection work on
version_added: 0.1.0
author: The Boltloom authors (@boltloom)
description:
  - Gives the pattern in the variable C(boltloom_hosts), else the group C(boltloom).
  - Fails in one line when the inventory has no such group or the pattern matches no host, also together with
    C(--limit). Ansible alone would skip the play and call that a success.
"""

EXAMPLES = r"""
- name: Something with the hosts of the fabric
  hosts: "{{ lookup('boltloom.cluster.hosts') }}"
  tasks: []
"""

RETURN = r"""
_raw:
  description: The pattern.
  type: list
  elements: str
"""

from ansible import context
from ansible.errors import AnsibleLookupError
from ansible.plugins.loader import lookup_loader
from ansible.plugins.lookup import LookupBase

GROUP = "boltloom"
VARIABLE = "boltloom_hosts"
LOOKING = ("syntax", "listtasks", "listtags")  # options with which nothing is run, often without an inventory


class LookupModule(LookupBase):
    """One rule for all playbooks."""

    def run(self, terms, variables=None, **kwargs):
        """The pattern. :raises AnsibleLookupError: it stands for no host."""
        variables = variables or {}
        groups = variables.get("groups", {})
        given = self._templar.template(variables[VARIABLE]) if VARIABLE in variables else None
        looking = any(context.CLIARGS.get(option) for option in LOOKING)
        if not given and not groups.get(GROUP) and not looking:
            raise AnsibleLookupError(
                "the inventory has no hosts in a group '{0}': put them there, or say which hosts with "
                "-e {1}=PATTERN (-e {1}=all for all of them)".format(GROUP, VARIABLE)
            )
        pattern = ",".join(str(part) for part in given) if isinstance(given, (list, tuple)) else str(given or GROUP)
        if looking:
            return [pattern]
        hosts = self._matching(pattern, variables)
        if not hosts:
            raise AnsibleLookupError("{0}={1} matches no host of the inventory".format(VARIABLE, pattern))
        self._refuse_empty_limit(pattern, hosts, variables)
        return [pattern]

    def _refuse_empty_limit(self, pattern, hosts, variables):
        limit = variables.get("ansible_limit")
        if limit and not str(limit).startswith("@") and not hosts & self._matching(str(limit), variables):
            raise AnsibleLookupError("--limit {0} leaves none of the hosts of '{1}'".format(limit, pattern))

    def _matching(self, pattern, variables):
        lookup = lookup_loader.get("ansible.builtin.inventory_hostnames", loader=self._loader, templar=self._templar)
        return set(lookup.run([pattern], variables=variables))
