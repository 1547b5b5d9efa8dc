# SPDX-License-Identifier: Apache-2.0
"""One statement of the supported ansible-core: meta/runtime.yml. Whoever else names a version says the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
STATED = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["requires_ansible"]
OLDEST = STATED.removeprefix(">=")
DOCUMENTS = ["README.md", *(str(p.relative_to(ROOT)) for f in ("docs", "roles") for p in (ROOT / f).rglob("*.md"))]


def test_the_statement_has_an_oldest_version_and_no_newest() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", OLDEST), STATED


def test_the_launcher_asks_for_the_same() -> None:
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert [asked for asked in dependencies if asked.startswith("ansible-core")] == [f"ansible-core{STATED}"]


@pytest.mark.parametrize("path", sorted((ROOT / "roles").glob("*/meta/main.yml")), ids=lambda path: path.parts[-3])
def test_a_role_says_the_same(path: Path) -> None:
    stated = yaml.safe_load(path.read_text())["galaxy_info"]["min_ansible_version"]
    assert stated == OLDEST.rpartition(".")[0]


def test_the_execution_environment_says_the_same() -> None:
    definition = yaml.safe_load((ROOT / "docs/infra-repo/execution-environment.yml").read_text())
    assert definition["dependencies"]["ansible_core"]["package_pip"] == f"ansible-core{STATED}"


def test_what_we_develop_with_is_supported() -> None:
    pinned = re.search(r"^ansible-core==([\d.]+)$", (ROOT / "tools/requirements/demo.txt").read_text(), re.MULTILINE)
    assert pinned
    assert tuple(map(int, pinned[1].split("."))) >= tuple(map(int, OLDEST.split(".")))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_document_names_an_older_one(document: str) -> None:
    named = re.findall(r"ansible-core (\d+\.\d+)", (ROOT / document).read_text())
    assert all(tuple(map(int, v.split("."))) >= tuple(map(int, OLDEST.split(".")[:2])) for v in named)


def test_the_collections_readme_states_it() -> None:
    assert f"ansible-core {OLDEST} or newer" in (ROOT / "docs/galaxy.md").read_text()
