# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules' documentation says alike of how they run."""

from __future__ import annotations


class ModuleDocFragment:
    """A module extends boltloom.cluster.attributes, and .target or .control; the others where they fit."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode, and changes nothing then.
"""

    DIFF = r"""
options: {}
attributes:
  diff_mode:
    description: Shows what it changes before and after.
    support: full
"""

    TARGET = r"""
options: {}
attributes:
  platform:
    description: Where it runs.
    support: full
    platforms: macOS, Linux
"""

    FACTS = r"""
options: {}
attributes:
  facts:
    description: Returns a fact of the host.
    support: full
"""

    CONTROL = r"""
options: {}
attributes:
  action:
    description: Runs on the control machine, over what all hosts reported.
    support: full
"""

    OWNED = r"""
options:
  owner:
    description:
      - Who makes the change, in words. One run at a time may change a host, and a second one is told who the first is.
      - When empty, the user and the host of the control machine and the process of Ansible.
    type: str
    default: ""
  dead_owners:
    description: Owners of earlier runs that are known to have ended, so that what they left is taken over at once.
    type: list
    elements: str
    default: []
"""
