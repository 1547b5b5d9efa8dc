# SPDX-License-Identifier: Apache-2.0
"""The hostfile of hosts that are configured, where nobody has the one that was written: out of what they say.

Asking all of them takes Ansible some seconds. So one host is looked at first, by ssh alone: the collection leaves a
record on every host that it configures.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import codec
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import hostfile as hostfiles
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.hostfile import Hostfile

from boltloom_launcher.errors import UnfitError
from boltloom_launcher.hosts import Reach
from boltloom_launcher.ssh import ask_ssh, ssh_argv

Say = Callable[[str], None]
# Where the collection keeps it, on macOS and on Linux.
_RECORDS = ("/var/db/boltloom/applied.json", "/var/lib/boltloom/applied.json")
_LOOK_S = 20.0
_OTHER_CABLES = (
    "configured for other cables than there are: see boltloom.cluster.verify and run boltloom.cluster.configure, "
    "or set thunderbolt_net_over to ethernet in the inventory"
)


def looks_configured(reach: Reach) -> bool:
    """The host has a record. One that does not answer has none; what is wrong with it is found later."""
    if reach.local:
        return any(Path(path).exists() for path in _RECORDS)
    try:
        (settings,) = ask_ssh([(reach.target, reach.options)])
        argv = ssh_argv(reach.target, " ".join(("ls", *_RECORDS)), reach.options, settings)
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LOOK_S)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return any(path.encode() in done.stdout.split() for path in _RECORDS)


def gather(inventories: Sequence[str], names: Sequence[str], say: Say, part: bool = False) -> Hostfile | None:
    """What boltloom.cluster.configure would write for these hosts; None if it has yet to be run for some of them.

    They are a ``part`` of the inventory: their cables may be those of a larger ring.

    :raises UnfitError: a host cannot be reached or read, or the cables are others than they are configured for.
    """
    from boltloom_launcher.ansible.collection import Play, Voice, fit, run_play
    from boltloom_launcher.ansible.targets import targets

    say(f"asking {len(names)} hosts for their cables: the hostfile of boltloom.cluster.configure would spare that")
    play = Play(
        "plan",
        targets(inventories, names),
        {"boltloom_hosts": ",".join(names), "thunderbolt_net_show": False},
        thrown_away={"thunderbolt_net_hostfile": "hostfile.json"},
    )
    account = fit(run_play(play, Voice()))
    fabric, written = account.results["fabric_plan"], account.results["hostfile"]
    if fabric["over"] == "thunderbolt" and not fabric["to_change"]:
        return hostfiles.parse(str(written["content"]), "what the hosts say")
    if part and fabric["over"] != "thunderbolt":
        say(f"the cables do not join these hosts alone ({fabric['reason']}), so the ranks talk over Ethernet")
        return None
    fresh = [host for host in names if not codec.facts_from_dict(account.facts[host]).applied]
    if not fresh:
        raise UnfitError([f"{', '.join(fabric['to_change'] or names)}: {_OTHER_CABLES}"])
    say(f"{', '.join(fresh)}: not configured, so the ranks talk over Ethernet: run boltloom.cluster.configure")
    return None
