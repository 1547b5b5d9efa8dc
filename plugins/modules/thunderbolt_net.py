#!/usr/bin/python
# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module boltloom.cluster.thunderbolt_net."""

from __future__ import annotations

DOCUMENTATION = r"""
module: thunderbolt_net
short_description: Makes the Thunderbolt ports of a host look as the fabric's plan wants
version_added: 0.1.0
description:
  - Takes the planned ports out of the Thunderbolt Bridge, for now and for the next boot, and gives each its own
    address.
  - Touches only ports that the plan names, and bridges that they are in. When all that would be left in such a bridge
    are ports without a computer at the other end - a dock, a drive, or nothing is plugged in -, the bridge is taken
    apart and those ports leave it too, because it would only swallow the next cable. It never changes the network
    location, another service or the default route.
  - On macOS every port gets a network service of our own, C(Boltloom Thunderbolt N), without router and name servers.
    A service that somebody else made on that port is left as it is; ours is put directly before it in the order,
    because only the first enabled service of a port has the port. A service that has the wanted address already stays
    in use.
  - On Linux every port gets one file of our own, in the language of whoever has the port - a connection of
    NetworkManager (C(boltloom-thunderbolt-N.nmconnection)), a C(.network) file of systemd-networkd
    (C(10-boltloom-thunderbolt-N.network)), or, where nobody manages the port, a rule of udev
    (C(80-boltloom-thunderbolt-N.rules)). It names the interface by its MAC address, because the interface of a cable
    comes and goes with the cable, and a reboot may give it another name. It comes before files of others, which stay
    as they are; a C(.network) file that networkd would read before ours is named, and nothing is changed.
    Only where there is neither of the three the address lasts until the next boot, which is a warning.
  - On Linux only the planned ports leave a bridge; a bridge is somebody's own there and stays.
  - An address that somebody else set on a planned port is taken off only when it is in the way of the cable's network.
  - Before the first step, the complete state of everything that will be changed is written to the disk of the host,
    below C(/var/db/boltloom) (on Linux C(/var/lib/boltloom)). When a step fails, when the task is stopped, or when the
    change is not confirmed in time, all of it is brought back, compared, and only then said to be undone.
    M(boltloom.cluster.thunderbolt_restore) brings back what was there before the first change of all.
  - Reads the host, compares it with the plan, applies the difference and reads again to see that nothing is left to do.
  - One run at a time changes a host. A run that died is completed by the next one, with a warning that says so.
  - Refused while a process has an RDMA device open.
  - Needs root when there is something to change.
options:
  plan:
    description:
      - The plan of the whole fabric, as M(boltloom.cluster.fabric_plan) returns it.
      - Required when O(state=present).
    type: dict
  host:
    description: Which host of the plan this is; usually V({{ inventory_hostname }}).
    type: str
    required: true
  state:
    description:
      - V(present) makes the planned ports look as the plan wants.
      - V(absent) takes our settings off the ports that were configured here once and that the plan does not have - off
        all of them, when there is no plan or this host is not in it. It brings no bridge back.
    type: str
    choices: [present, absent]
    default: present
  confirm_within:
    description:
      - Seconds within which M(boltloom.cluster.thunderbolt_confirm) must be called with RV(run). Otherwise a process on
        the host takes the change back, also when the control machine, the connection or this task has died by then.
      - With V(0) the change is confirmed by this task itself, as soon as it is seen to be in force.
    type: float
    default: 0
  listen_for:
    description:
      - Seconds for which a host that was changed answers at its ends of the links afterwards, as by
        M(boltloom.cluster.link_listen), so that M(boltloom.cluster.link_check) can measure them. V(0) - not at all.
    type: float
    default: 0
  mtu:
    description:
      - MTU of the planned ports; V(0) leaves it as it is. Both ends of a cable need the same.
      - On Linux a rule of udev of our own (C(81-boltloom-mtu-N.rules)) keeps it, where udev runs.
    type: int
    default: 0
  no_sleep:
    description: Keep a Mac from sleeping (C(pmset sleep 0)). Only on macOS.
    type: bool
    default: false
  wired_reserve_gb:
    description:
      - Let the GPU of a Mac wire all of its memory but for so many GB (C(iogpu.wired_limit_mb)); V(0) leaves the limit
        as it is. Only on macOS.
      - macOS forgets this limit at the next boot; run the playbook again then.
    type: int
    default: 0
  firewall_programs:
    description:
      - Full paths of programs that a Mac's firewall lets through, for example the Python of the ranks. Only on macOS.
    type: list
    elements: path
    default: []
extends_documentation_fragment:
  - boltloom.cluster.attributes
  - boltloom.cluster.attributes.target
  - boltloom.cluster.attributes.diff
  - boltloom.cluster.attributes.owned
attributes:
  check_mode: {support: full}
author:
  - The Boltloom authors (@boltloom)
seealso:
  - module: boltloom.cluster.fabric_plan
  - module: boltloom.cluster.thunderbolt_confirm
  - module: boltloom.cluster.thunderbolt_restore
  - module: boltloom.cluster.link_check
"""

EXAMPLES = r"""
- name: Give every cable its own network
  boltloom.cluster.thunderbolt_net:
    plan: "{{ fabric.plan }}"
    host: "{{ inventory_hostname }}"
    confirm_within: 120
  become: true
  register: applied

- name: It works, so it may stay
  boltloom.cluster.thunderbolt_confirm:
    run: "{{ applied.run }}"
  become: true

- name: Clean up a host that left the fabric
  boltloom.cluster.thunderbolt_net:
    host: "{{ inventory_hostname }}"
    state: absent
  become: true
"""

RETURN = r"""
steps:
  description: What was done (in check mode what would be done), one sentence per step.
  returned: success
  type: list
  elements: str
  sample:
    - take en2 out of bridge0
run:
  description: What M(boltloom.cluster.thunderbolt_confirm) has to confirm; empty when there is nothing to confirm.
  returned: success
  type: str
ends:
  description: Where this host listens, as M(boltloom.cluster.link_listen) returns it.
  returned: when O(listen_for) is set and something was changed
  type: list
  elements: dict
busy_owner:
  description: Who is at work on this host.
  returned: when another run is
  type: str
"""

from ..module_utils._host import configure, link_ends
from ..module_utils._run_module import run_module

ARGUMENT_SPEC = {
    "plan": {"type": "dict"},
    "host": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "confirm_within": {"type": "float", "default": 0},
    "listen_for": {"type": "float", "default": 0},
    "mtu": {"type": "int", "default": 0},
    "no_sleep": {"type": "bool", "default": False},
    "wired_reserve_gb": {"type": "int", "default": 0},
    "firewall_programs": {"type": "list", "elements": "path", "default": []},
    "owner": {"type": "str", "default": ""},
    "dead_owners": {"type": "list", "elements": "str", "default": []},
}


def body(params, check_mode):
    """Compare, and apply unless in check mode."""
    act = configure.configure if params["state"] == "present" else configure.remove_leftovers
    result = act(params["plan"], params["host"], check_mode, terms=configure.terms_of(params)).as_result()
    if result["changed"] and not check_mode and params["plan"] and params["listen_for"] > 0:
        result["ends"] = link_ends.answer_for(params["plan"], params["host"], params["listen_for"])
    return result


def main():
    """Entry point."""
    run_module(ARGUMENT_SPEC, body)


if __name__ == "__main__":
    main()
