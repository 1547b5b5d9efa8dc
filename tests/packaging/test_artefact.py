# SPDX-License-Identifier: Apache-2.0
"""The artefact, judged by ansible-test, galaxy-importer, ansible-builder and antsibull-changelog, as Galaxy does.

With the virtual environments that ansible-test made before (in .build) it takes half a minute, else a minute.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from collection.interpreters import candidates

pytestmark = [pytest.mark.slow, pytest.mark.minutes(5)]
ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PYTHONS = ("3.8", "3.9", "3.10", "3.12", "3.13")  # of the hosts; ansible-test skips those that are not here
ENDS = (PYTHONS[0], PYTHONS[-1])
# Instead of the script that ansible-test would download: the pip that comes with Python.
GET_PIP = "import ensurepip\nensurepip.bootstrap(default_pip=True)\n"


def run(*argv: str | Path, cwd: Path, env: dict[str, str] | None = None, timeout: float = 860) -> tuple[int, str]:
    done = subprocess.run(
        [str(a) for a in argv],
        env=os.environ | (env or {}),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
    )
    return done.returncode, done.stdout


def path_with_pythons(versions: Sequence[str]) -> str:
    """Our tools, then real interpreters: pyenv's stand-ins that only say that they do not work would fail a test."""
    folders = [BIN]
    for version in versions:
        found = [Path(path) for path in candidates(version) if path and "shims" not in path]
        folders += [path.parent for path in found[-1:]]
    return ":".join([*map(str, folders), "/usr/bin", "/bin"])


@pytest.fixture(scope="module")
def artefact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the artefact, and the artefact installed under ``tree``: outside of a checkout, as a user's."""
    folder = tmp_path_factory.mktemp("artefact")
    status, said = run("tools/artefact", folder, cwd=ROOT)
    assert status == 0, said
    (tarball,) = folder.glob("*.tar.gz")
    tree = folder / "tree/ansible_collections/boltloom/cluster"
    tree.mkdir(parents=True)
    shutil.unpack_archive(tarball, tree)
    return folder


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("left_out", "versions"),
    [(("pylint",), ENDS), pytest.param((), PYTHONS, marks=pytest.mark.campaign)],
    ids=["short", "whole"],
)
def test_ansible_test_sanity(artefact: Path, left_out: tuple[str, ...], versions: tuple[str, ...]) -> None:
    """Every sanity test, on Pythons that a host may have and that are here. Nothing is ignored. (pylint is slow.)"""
    home = ROOT / ".build/ansible-test-home"
    home.mkdir(parents=True, exist_ok=True)
    tree = artefact / "tree/ansible_collections/boltloom/cluster"
    env = {"HOME": str(home), "PATH": path_with_pythons(versions), "LC_ALL": "C.UTF-8", "ANSIBLE_COLLECTIONS_PATH": ""}
    skips = [word for name in left_out for word in ("--skip-test", name)]
    argv = (BIN / "ansible-test", "sanity", "--python", "default", "--color", "no", *skips)
    status, said = run(*argv, cwd=tree, env=env)
    wanted = re.search(r"manually downloaded and saved to: (\S+)", said)
    if wanted:
        Path(wanted[1]).write_text(GET_PIP)
        status, said = run(*argv, cwd=tree, env=env)
    assert status == 0, "\n".join(line for line in said.splitlines() if "ERROR" in line or "FATAL" in line) or said
    ran = set(re.findall(r'Running sanity test "([\w-]+)"', said))
    wanted_tests = {"validate-modules", "pylint", "import", "ansible-doc", "changelog", "runtime-metadata", "yamllint"}
    assert wanted_tests - set(left_out) <= ran


@pytest.mark.parametrize("lint", ["no", pytest.param("yes", marks=pytest.mark.campaign)])
def test_galaxy_takes_it_without_a_warning(artefact: Path, lint: str) -> None:
    """As Galaxy runs it. (Its ansible-lint is that of `make lint`, with the same profile.)"""
    (tarball,) = artefact.glob("*.tar.gz")
    local = artefact / "importer-tmp"
    env = {"PATH": f"{BIN}:{os.environ['PATH']}", "GALAXY_IMPORTER_ANSIBLE_LOCAL_TMP": str(local)}
    env["GALAXY_IMPORTER_RUN_ANSIBLE_LINT"] = lint
    status, said = run(sys.executable, "-m", "galaxy_importer.main", tarball, cwd=artefact, env=env)
    assert status == 0 and "completed successfully" in said, said
    assert not [line for line in said.splitlines() if re.match(r"(ERROR|WARNING)", line)]
    result = json.loads((artefact / "importer_result.json").read_text())
    stated = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["requires_ansible"]
    assert result["requires_ansible"] == stated
    undescribed = [
        content["name"]
        for content in result["contents"]
        if content["content_type"] in ("module", "role", "inventory") and not content["description"]
    ]
    assert not undescribed


def test_ansible_builder_finds_what_an_execution_environment_needs(artefact: Path) -> None:
    status, said = run(BIN / "ansible-builder", "introspect", artefact / "tree", cwd=artefact)
    assert status == 0, said
    needed = yaml.safe_load(said)
    assert needed["python"] == []
    assert [line.split()[0] for line in needed["system"]] == ["openssh-client", "openssh-clients"]


def test_ansible_builder_makes_a_context_of_the_example(artefact: Path) -> None:
    """Its own validation of the definition; the image itself needs a registry."""
    source, context = ROOT / "docs/infra-repo/execution-environment.yml", artefact / "context"
    status, said = run(BIN / "ansible-builder", "create", "-f", source, "-c", context, "-v", "3", cwd=artefact)
    assert status == 0, said
    stated = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["requires_ansible"]
    assert f"ansible-core{stated}" in next(context.glob("*file")).read_text()
    assert "boltloom.cluster" in (context / "_build/requirements.yml").read_text()


def test_a_release_gathers_the_changelog(artefact: Path) -> None:
    """antsibull-changelog makes CHANGELOG.rst of the fragments and names every new module, role and plugin."""
    where = artefact / "release"
    shutil.copytree(artefact / "tree", where)
    where = where / "ansible_collections/boltloom/cluster"
    shutil.copy(ROOT / "galaxy.yml", where)
    env = {"PATH": f"{BIN}:{os.environ['PATH']}"}
    status, said = run(BIN / "antsibull-changelog", "release", "--date", "2026-01-01", cwd=where, env=env)
    assert status == 0, said
    text = (where / "CHANGELOG.rst").read_text()
    for module in (ROOT / "plugins/modules").glob("*.py"):
        assert f"- boltloom.cluster.{module.stem} - " in text
    assert "Release Summary" in text
