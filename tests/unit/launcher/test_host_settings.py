# SPDX-License-Identifier: Apache-2.0
"""The command line wins over what an inventory says of a host."""

from __future__ import annotations

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.hostfile import Host
from boltloom_launcher.host_settings import Applied, applied
from boltloom_launcher.hosts import HostSettings, Reach, seat
from boltloom_launcher.job import Request

OWN = HostSettings("/opt/py", "/data", (("A", "host"), ("B", "host")))
ROSTER = seat(
    [Host("mac1"), Host("mac2")], lambda ssh: Reach(ssh, ssh, settings=OWN if ssh == "mac1" else HostSettings())
)
REQUEST = Request(ROSTER, "ring", ("train.py", "-x"), env=(("A", "all"), ("C", "all")), cwd="/here")


def test_a_host_has_its_own_settings_and_others_have_none_of_them() -> None:
    env = {"A": "host", "B": "host", "C": "all"}
    assert applied(REQUEST, 0) == Applied(("/opt/py", "train.py", "-x"), False, env, "/data", True)
    assert applied(REQUEST, 1) == Applied(("train.py", "-x"), False, {"A": "all", "C": "all"}, "/here", False)


def test_the_command_line_wins() -> None:
    given = REQUEST._replace(argv=("/py", "train.py"), python="/py", given_env=frozenset("A"), cwd_required=True)
    assert applied(given, 0) == Applied(
        ("/py", "train.py"), False, {"A": "all", "B": "host", "C": "all"}, "/here", True
    )


def test_an_interpreter_is_for_scripts_and_modules_alone() -> None:
    assert applied(REQUEST._replace(argv=("hostname",)), 0).argv == ("hostname",)
    module = applied(REQUEST._replace(argv=("mlx_lm.chat", "-x"), module=True), 0)
    assert (module.argv, module.module) == (("/opt/py", "-m", "mlx_lm.chat", "-x"), False)
