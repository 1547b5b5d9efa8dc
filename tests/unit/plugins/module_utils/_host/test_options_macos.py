# SPDX-License-Identifier: Apache-2.0
"""The options of a Mac: read as they are, written, and brought back."""

from __future__ import annotations

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.options import Wish
from ansible_collections.boltloom.cluster.plugins.module_utils._host.commands import HostError
from ansible_collections.boltloom.cluster.plugins.module_utils._host.systems import SYSTEMS
from ansible_collections.boltloom.cluster.plugins.module_utils._host.target import Target

MACOS = SYSTEMS["macos"]
DESKTOP = "AC Power:\n disksleep 10\n sleep                10\n"
LAPTOP = "Battery Power:\n sleep 1\nAC Power:\n sleep 0 (sleep prevented by sharingd)\n"
APPS = """\
Total number of apps = 2

1 : /usr/bin/python3
             ( Allow incoming connections )

2 : /opt/x y/ruby
             ( Block incoming connections )
"""


@pytest.mark.parametrize(
    ("thing", "command", "said", "value", "written"),
    [
        ("sleep:", "pmset -g custom", DESKTOP, 10, [["pmset", "-a", "sleep", "10"]]),
        (
            "sleep:",
            "pmset -g custom",
            LAPTOP,
            {"Battery Power": 1, "AC Power": 0},
            [["pmset", "-b", "sleep", "1"], ["pmset", "-c", "sleep", "0"]],
        ),
        ("wired:", "sysctl -n iogpu.wired_limit_mb", "0\n", 0, [["sysctl", "iogpu.wired_limit_mb=0"]]),
        (
            "firewall:/usr/bin/python3",
            "socketfilterfw --listapps",
            APPS,
            "allow",
            [["socketfilterfw", "--add", "/usr/bin/python3"], ["socketfilterfw", "--unblockapp", "/usr/bin/python3"]],
        ),
        (
            "firewall:/opt/x y/ruby",
            "socketfilterfw --listapps",
            APPS,
            "block",
            [["socketfilterfw", "--add", "/opt/x y/ruby"], ["socketfilterfw", "--blockapp", "/opt/x y/ruby"]],
        ),
        (
            "firewall:/usr/bin/python",
            "socketfilterfw --listapps",
            APPS,
            None,
            [["socketfilterfw", "--remove", "/usr/bin/python"]],
        ),
        (
            "mtu:en3",
            "networksetup -getMTU en3",
            "Active MTU: 1500 (Current Setting: 9000)\n",
            9000,
            [["networksetup", "-setMTU", "en3", "9000"]],
        ),
    ],
)
def test_what_is_read_is_what_is_written_back(run, thing, command, said, value, written):
    program, _blank, rest = command.partition(" ")
    places = {
        "pmset": "/usr/bin/pmset",
        "sysctl": "/usr/sbin/sysctl",
        "socketfilterfw": "/usr/libexec/ApplicationFirewall/socketfilterfw",
        "networksetup": "/usr/sbin/networksetup",
    }
    run.answer(f"{places[program]} {rest}", stdout=said)
    assert MACOS.read([thing], Target(run)) == {thing: value}
    run.asked.clear()
    MACOS.write(thing, value, Target(run))
    assert [[argv[0].rsplit("/", 1)[1], *argv[1:]] for argv in run.asked] == written


def test_a_wish_that_is_so_already_is_no_step(run):
    run.answer("/usr/bin/pmset -g custom", stdout=DESKTOP)
    assert MACOS.wished([Wish("sleep:", 10, "x")], Target(run)) == ([], "", "")
    (step,), before, after = MACOS.wished([Wish("sleep:", 0, "keep the Mac awake")], Target(run))
    assert (step.describe(), before, after) == ("keep the Mac awake", "sleep: 10\n", "sleep: 0\n")
    assert MACOS.changes([step]) == ["sleep:"]
    MACOS.perform(step, Target(run))
    assert run.asked[-1] == ["/usr/bin/pmset", "-a", "sleep", "0"]


@pytest.mark.parametrize("thing", ["sleep:", "wired:", "mtu:en3"])
def test_what_says_nothing_is_named(run, thing):
    with pytest.raises(HostError, match="says"):
        MACOS.read([thing], Target(run))
