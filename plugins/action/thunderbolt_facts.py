# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action boltloom.cluster.thunderbolt_facts: the module on the host, over a connection that is kept alive."""

from __future__ import annotations

from ansible_collections.boltloom.cluster.plugins.modules import thunderbolt_facts
from ansible_collections.boltloom.cluster.plugins.plugin_utils._kept_alive import KeptAliveAction


class ActionModule(KeptAliveAction):
    """Reads the Thunderbolt ports of a host; the first task that connects to it."""

    ARGUMENT_SPEC = thunderbolt_facts.ARGUMENT_SPEC
