# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventory boltloom.cluster.hostfile."""

from __future__ import annotations

DOCUMENTATION = r"""
name: hostfile
short_description: The hosts of a hostfile, in the order of their ranks
version_added: 0.1.0
description:
  - Reads a hostfile as M(boltloom.cluster.hostfile), C(boltloom config) or C(mlx.distributed_config) writes it, and
    gives its hosts in rank order, in one group.
  - The source is a YAML file with the key O(plugin), or the hostfile itself when its name ends in C(.json) and
    C(boltloom.cluster.hostfile) is among the enabled inventory plugins.
  - A host that carries several ranks appears once. It is called what the inventory called it that the hostfile was
    made with, else what C(ssh) calls it.
  - For each host it sets C(boltloom_rank) (its first rank), C(boltloom_ranks), C(boltloom_ips) (the addresses that
    the first rank listens on), C(boltloom_rdma) (per rank the RDMA devices that lead to it) and C(boltloom_backend).
  - C(ansible_host), C(ansible_user) and C(ansible_port) are set as far as the hostfile says more than the name.
    C(localhost), C(127.0.0.1) and C(::1) are reached without ssh, as C(boltloom launch) does.
  - C(thunderbolt_net_management_address) is set where the hostfile tells the management address from those of the
    cables.
author:
  - The Boltloom authors (@boltloom)
extends_documentation_fragment:
  - constructed
options:
  plugin:
    description: Says that the YAML file is for this plugin.
    type: str
    required: true
    choices: [boltloom.cluster.hostfile]
  hostfile:
    description: Path of the hostfile. A relative one starts at the folder of the YAML file.
    type: str # Ansible would start a "path" at the current directory
    required: true
  group:
    description: The group that gets the hosts. The playbooks of this collection take the group V(boltloom).
    type: str
    default: boltloom
seealso:
  - module: boltloom.cluster.hostfile
"""

EXAMPLES = r"""
# fabric.yml, beside boltloom-hostfile.json; use it with `-i fabric.yml`.
plugin: boltloom.cluster.hostfile
hostfile: boltloom-hostfile.json

---
# The hosts also in groups of their own: the one that coordinates, and those with RDMA.
plugin: boltloom.cluster.hostfile
hostfile: boltloom-hostfile.json
groups:
  coordinator: boltloom_rank == 0
  with_rdma: boltloom_rdma | flatten | length > 0
compose:
  ansible_python_interpreter: "'/usr/bin/python3'"
"""

import json
import os
import re
from typing import Any, Dict

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Constructable
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import hostfile
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import BoltloomError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.hostfile_hosts import (
    InventoryHost,
    inventory_hosts,
)
from ansible_collections.boltloom.cluster.plugins.plugin_utils._control_file import read_text

try:
    from ansible.template import trust_as_template
except ImportError:  # ansible-core 2.18 renders whatever is not marked

    def trust_as_template(value: str) -> str:
        return value


_OURS = re.compile(r"^plugin:\s*['\"]?boltloom\.cluster\.hostfile['\"]?\s*(#.*)?$", re.MULTILINE)


class InventoryModule(BaseInventoryPlugin, Constructable):
    """A hostfile as an inventory."""

    NAME = "boltloom.cluster.hostfile"

    def verify_file(self, path: str) -> bool:
        """Take what says that it is ours: other plugins shall have their own YAML and JSON files."""
        if not super().verify_file(path):
            return False
        extension = os.path.splitext(path)[1]
        if extension not in (".yml", ".yaml", ".json"):
            return False
        try:
            text = read_text(path)
        except BoltloomError:
            return False
        return _is_hostfile(text, path) if extension == ".json" else _OURS.search(text) is not None

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Fill the inventory. What a person did wrong is one line with file and place."""
        super().parse(inventory, loader, path, cache)
        try:
            self._fill(self._source(path))
        except BoltloomError as error:
            raise AnsibleParserError(error.one_line()) from None

    def _source(self, path: str) -> str:
        """The hostfile's path."""
        if path.endswith(".json"):
            self.set_options(direct={"plugin": self.NAME, "hostfile": path})
            return path
        self._read_config_data(path)
        return os.path.join(os.path.dirname(os.path.abspath(path)), os.path.expanduser(self.get_option("hostfile")))

    def _fill(self, source: str) -> None:
        if not os.path.exists(source):
            raise BoltloomError("there is no hostfile {0}".format(source), "write it with boltloom.cluster.configure")
        found = hostfile.parse(read_text(source), source)
        group = self.inventory.add_group(self.get_option("group"))
        for host in inventory_hosts(found, source):
            self.inventory.add_host(host.name, group)
            for name, value in {**_variables(host), "boltloom_backend": found.backend}.items():
                self.inventory.set_variable(host.name, name, _as_data(value))
            self._construct(host.name)

    def _construct(self, host: str) -> None:
        variables = self.inventory.get_host(host).get_vars()
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), variables, host, strict=strict)
        variables = self.inventory.get_host(host).get_vars()
        self._add_host_to_composed_groups(
            self.get_option("groups"), variables, host, strict=strict, fetch_hostvars=False
        )
        self._add_host_to_keyed_groups(
            self.get_option("keyed_groups"), variables, host, strict=strict, fetch_hostvars=False
        )


def _is_hostfile(text: str, path: str) -> bool:
    """A JSON inventory has groups, which are objects; a hostfile is a list, or has one under "hosts".

    A file that is no JSON is taken for a hostfile by its name, so that its mistake is named.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return "hostfile" in os.path.basename(path)
    return isinstance(data, list) or isinstance(data, dict) and isinstance(data.get("hosts"), list)


def _as_data(value: Any) -> Any:
    """Never rendered as a template, whoever wrote the file.

    What could be none is not marked as such: who reads ``ansible-inventory --list`` would have to know the mark.
    """
    if isinstance(value, list):
        return [_as_data(entry) for entry in value]
    if not isinstance(value, str):
        return value
    return wrap_var(value) if "{" in value else trust_as_template(value)


def _variables(host: InventoryHost) -> Dict[str, Any]:
    variables: Dict[str, Any] = {
        "boltloom_rank": host.ranks[0],
        "boltloom_ranks": list(host.ranks),
        "boltloom_ips": list(host.ips[0]),
        "boltloom_rdma": [list(devices) for devices in host.rdma[0]],
    }
    if host.local:
        variables["ansible_connection"] = "local"
    if host.reached.host != host.name:
        variables["ansible_host"] = host.reached.host
    if host.reached.user:
        variables["ansible_user"] = host.reached.user
    if host.reached.port:
        variables["ansible_port"] = host.reached.port
    if host.management:
        variables["thunderbolt_net_management_address"] = host.management
    return variables
