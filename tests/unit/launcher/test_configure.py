# SPDX-License-Identifier: Apache-2.0
"""The options of ``boltloom config`` beside those of mlx.distributed_config, and what they ask of the playbooks."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import click
import pytest
from boltloom_launcher.ansible.collection import Play, Voice, _extra
from boltloom_launcher.ansible.targets import targets
from boltloom_launcher.cli.config import config
from boltloom_launcher.configure import ConfigRequest, _play, configure
from boltloom_launcher.errors import UsageError

PEER = Path(sys.executable).parent / "mlx.distributed_config"


def asked(**options: object) -> Play:
    given = {"over": None, "backend": None, "auto_setup": True, "output": None, **options}
    return _play(ConfigRequest(targets=targets([], ["mac1", "mac2"]), **given))  # type: ignore[arg-type]


def test_every_flag_of_the_peer_is_there() -> None:
    if not PEER.exists():
        pytest.skip("MLX is not installed")
    said = subprocess.run([PEER, "--help"], capture_output=True, text=True, check=True, timeout=120).stdout
    theirs = set(re.findall(r"--[a-z][a-z-]+", said))
    assert {"--auto-setup", "--dot", "--over", "--env"} <= theirs  # the help was understood
    ours = {name for option in config.params for name in (*option.opts, *option.secondary_opts)} | {"--help"}
    assert theirs - ours == set()


def test_choices_of_the_peer_are_taken_and_its_defaults_are_ours() -> None:
    (over,) = (option for option in config.params if option.name == "over")
    assert asked().variables["thunderbolt_net_over"] == "thunderbolt" and isinstance(over.type, click.Choice)
    assert {"thunderbolt", "ethernet"} <= set(over.type.choices)
    (setup,) = (option for option in config.params if option.name == "auto_setup")
    assert setup.default is False


def test_auto_setup_configures_and_without_it_no_host_is_changed() -> None:
    assert asked().playbook == "configure"
    assert asked(auto_setup=False).playbook == "plan"


def test_the_hostfile_goes_where_it_is_asked_for(tmp_path: Path) -> None:
    assert asked(output=str(tmp_path / "h.json")).variables["thunderbolt_net_hostfile"] == str(tmp_path / "h.json")
    for output in (None, "-"):
        play = asked(output=output)
        assert "thunderbolt_net_hostfile" not in play.variables
        assert play.thrown_away == {"thunderbolt_net_hostfile": "hostfile.json"}


def test_without_a_backend_the_best_is_taken_and_environment_goes_into_the_hostfile() -> None:
    assert asked().variables["thunderbolt_net_backend"] == "auto"
    assert asked(backend="jaccl").variables["thunderbolt_net_backend"] == "jaccl"
    assert asked(envs=("A=b",)).variables["thunderbolt_net_envs"] == ("A=b",)


def test_an_inventory_may_say_what_the_command_line_does_not() -> None:
    request = ConfigRequest(targets(["a,b"], []), over=None, backend=None, auto_setup=True, output=None)
    assert _play(request).variables == {}
    assert _play(replace(request, over="auto")).variables == {"thunderbolt_net_over": "auto"}


def test_a_hostfile_that_could_not_be_written_is_known_before_any_host_is_asked() -> None:
    request = ConfigRequest(targets([], ["mac1"]), None, None, auto_setup=True, output="/no/such/h.json")
    with pytest.raises(UsageError, match="there is no folder /no/such"):
        configure(request, Voice(), print)


def test_check_and_diff_are_ansible_s() -> None:
    assert asked(check=True, diff=True).options == ("--check", "--diff")


def test_what_a_user_typed_is_no_template(tmp_path: Path) -> None:
    words = ["A={{ lookup('pipe', 'id') }}", "B=\u2028\U0001f600'\"\\", "C=\x00"]
    option, path = _extra({"thunderbolt_net_envs": words, "thunderbolt_net_over": "auto", "x": True}, tmp_path)
    assert option == "-e"
    import yaml

    class Marked(yaml.SafeLoader):
        """Knows Ansible's tag for text that is no template."""

    unsafe: list[str] = []
    Marked.add_constructor("!unsafe", lambda loader, node: unsafe.append(str(node.value)) or str(node.value))  # type: ignore[func-returns-value]
    read = yaml.load(Path(path[1:]).read_text(), Loader=Marked)
    assert read == {"thunderbolt_net_envs": words, "thunderbolt_net_over": "auto", "x": True}
    assert sorted(unsafe) == sorted([*words, "auto"])
