# SPDX-License-Identifier: Apache-2.0
"""The molecule scenarios. Two of them run here, about half a minute each; `make molecule` runs them all."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.minutes(2)

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
SCENARIOS = sorted(path.parent for path in (ROOT / "extensions/molecule").glob("*/molecule.yml"))
HERE = ("fresh_mesh", "re_cabled")


@pytest.fixture
def home() -> Iterator[str]:
    """Where molecule and Ansible leave their files; not in /tmp, of which the control node has its own."""
    with tempfile.TemporaryDirectory(prefix="molecule-", dir=ROOT / ".build") as folder:
        yield folder


@pytest.mark.slow
@pytest.mark.fleet
@pytest.mark.parametrize("scenario", [HERE[0], pytest.param(HERE[1], marks=pytest.mark.campaign)])
def test_it_converges_twice_and_is_what_it_should_be(scenario: str, home: str) -> None:
    from fleet.fleet import why_not_here

    if reason := why_not_here():
        pytest.skip(reason)
    env = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": home, "NO_COLOR": "1"}
    done = subprocess.run(
        [BIN / "molecule", "test", "-s", scenario],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout
    assert "verify: Executed: Successful" in done.stdout
    assert re.search(rf"^{scenario} .*missing=0 +failed=0$", done.stdout, re.MULTILINE), done.stdout


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.name)
def test_a_scenario_says_its_situation_and_checks_its_end(scenario: Path) -> None:
    """A comment that tells what happened to these machines; a fleet with the same hosts; a verify of its own."""
    text = (scenario / "molecule.yml").read_text()
    assert text.startswith("---\n# ")
    fleet = yaml.safe_load((scenario / "fleet.yml").read_text())
    assert [platform["name"] for platform in yaml.safe_load(text)["platforms"]] == list(fleet["hosts"])
    assert (scenario / "verify.yml").is_file()


def test_what_runs_here_is_there() -> None:
    assert set(HERE) <= {path.name for path in SCENARIOS}
