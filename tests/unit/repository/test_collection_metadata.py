# SPDX-License-Identifier: Apache-2.0
"""What Galaxy and Ansible read about the collection: galaxy.yml, action groups, the roles' READMEs, the changelog."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
MODULES = sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py"))
RUNTIME = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())
GROUPS = RUNTIME["action_groups"]


def options_of(module: str) -> set[str]:
    for node in ast.parse((ROOT / f"plugins/modules/{module}.py").read_text()).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "DOCUMENTATION":
            return set(yaml.safe_load(ast.literal_eval(node.value)).get("options", {}))
    raise AssertionError(f"{module} has no DOCUMENTATION")


def test_galaxy_is_told_where_everything_is() -> None:
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text())
    for key in ("repository", "documentation", "homepage", "issues"):
        assert galaxy[key].startswith("https://"), key
    in_repository = galaxy["documentation"].rpartition("/main/")[2]
    assert (ROOT / in_repository).is_file()


def test_nothing_was_added_after_the_version_that_there_is() -> None:
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"]
    files = [
        path for folder in ("plugins", "roles") for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".yml")
    ]
    added = {v for path in files for v in re.findall(r"^ *version_added: ([\d.]+)", path.read_text(), re.MULTILINE)}
    assert added and max(tuple(map(int, v.split("."))) for v in added) <= tuple(map(int, version.split(".")))


def test_the_group_all_has_every_module() -> None:
    assert GROUPS["all"] == MODULES


@pytest.mark.parametrize("group, shared", [("report", {"show"}), ("planned", {"plan", "host"})])
def test_a_group_is_of_those_modules_that_share_options(group: str, shared: set[str]) -> None:
    """Ansible refuses defaults that a module does not take: a group is good for what all of it take."""
    assert GROUPS[group] == [module for module in MODULES if shared <= options_of(module)]


def test_the_roles_readmes_list_the_variables_that_there_are() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools/role-variables", "--check"], stdout=subprocess.PIPE, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("role", sorted((ROOT / "roles").iterdir()), ids=lambda role: role.name)
def test_a_role_has_a_readme_with_its_name_and_its_variables(role: Path) -> None:
    text = (role / "README.md").read_text()
    assert text.startswith(f"# Role `boltloom.cluster.{role.name}`\n")
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]
    assert all(f"| `{name}` |" in text for spec in specs.values() for name in spec.get("options", {}))


def test_the_changelog_fragments_are_well_formed() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "antsibull-changelog", "lint"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout
