# SPDX-License-Identifier: Apache-2.0
"""Every flag of mlx.launch is one of ours, with the same number of values."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from boltloom_launcher.cli.launch import launch

# What its documentation names, whatever the installed version prints: flag -> it takes a value.
DOCUMENTED = {
    **dict.fromkeys(("--hosts", "--repeat-hosts", "-n", "--hostfile", "--backend", "--env", "--mpi-arg"), True),
    **dict.fromkeys(("--connections-per-ip", "--starting-port", "-p", "--cwd", "--nccl-port", "--python"), True),
    **dict.fromkeys(("--print-python", "--no-verify-script", "--verbose"), False),
}


def ours() -> dict[str, bool]:
    """Each flag of ours, and whether it takes a value."""
    options = [option for option in launch.params if isinstance(option, click.Option)]
    return {name: not option.is_flag for option in options for name in (*option.opts, *option.secondary_opts)}


@pytest.mark.parametrize("flag", DOCUMENTED)
def test_what_its_documentation_names(flag: str) -> None:
    assert ours()[flag] == DOCUMENTED[flag]


def test_what_the_installed_one_prints() -> None:
    program = Path(sys.executable).parent / "mlx.launch"
    if not program.exists():
        pytest.skip("no mlx.launch here")
    said = subprocess.run(
        [program, "--help"], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60
    ).stdout
    flags = {}
    for line in said.partition("options:")[2].splitlines():
        found = re.match(r" {2}(-\S.*?)(?: {2,}|$)", line)
        for flag, value in re.findall(r"(--?[a-z][a-z-]*)( [A-Z\[{]\S*)?", found[1] if found else ""):
            flags[flag] = bool(value)
    assert len(flags) >= 14, said
    for flag, takes_value in flags.items():
        if flag not in ("-h", "--help"):
            assert ours().get(flag) == takes_value, flag
