# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action boltloom.cluster.thunderbolt_net: the module on the host, in the name of this control machine."""

from __future__ import annotations

from ansible_collections.boltloom.cluster.plugins.modules import thunderbolt_net
from ansible_collections.boltloom.cluster.plugins.plugin_utils._owned_action import OwnedAction


class ActionModule(OwnedAction):
    """Makes the ports of a host look as the plan wants."""

    ARGUMENT_SPEC = thunderbolt_net.ARGUMENT_SPEC
