# SPDX-License-Identifier: Apache-2.0
"""Every example of modules, plugins and documents is what Ansible takes; one real run checks the syntax of all."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent
DOCUMENTS = sorted([*(ROOT / "docs").rglob("*.md"), *(ROOT / "roles").rglob("*.md"), ROOT / "README.md"])
SOURCES = sorted(path for kind in ("modules", "inventory", "lookup") for path in (ROOT / "plugins" / kind).glob("*.py"))
ENV = {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build"), "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "false"}


def constant(path: Path, name: str) -> Any:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            return ast.literal_eval(node.value)
    raise AssertionError(f"{path} has no {name}")


def blocks(path: Path) -> list[Any]:
    """The YAML of a document's code blocks, or of a plugin's EXAMPLES."""
    texts = (
        re.findall(r"^```yaml\n(.*?)^```", path.read_text(), re.MULTILINE | re.DOTALL)
        if path.suffix == ".md"
        else [constant(path, "EXAMPLES")]
    )
    return [block for text in texts for block in yaml.safe_load_all(text) if block]


def plays() -> dict[str, list[dict[str, Any]]]:
    """Name -> a playbook, of every example that is one or is a list of tasks."""
    found = {}
    for path in [*SOURCES, *DOCUMENTS]:
        for number, block in enumerate(blocks(path)):
            if isinstance(block, list):
                whole = "hosts" in block[0] or "ansible.builtin.import_playbook" in block[0]
                play = block if whole else [{"hosts": "all", "gather_facts": False, "tasks": block}]
                found["-".join([*path.relative_to(ROOT).parts, str(number)])] = play
    return found


@pytest.mark.slow
def test_every_play_and_task_is_one(tmp_path: Path) -> None:
    playbooks = [ROOT / "docs/infra-repo/site.yml"]
    for name, play in plays().items():
        (tmp_path / f"{name}.yml").write_text(yaml.safe_dump(play, sort_keys=False))
        playbooks.append(tmp_path / f"{name}.yml")
    inventory = ROOT / "docs/infra-repo/inventory"
    done = subprocess.run(
        [BIN / "ansible-playbook", "--syntax-check", "-i", inventory, *playbooks],
        env=os.environ | ENV,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0 and "WARNING" not in done.stdout, done.stdout
    assert done.stdout.count("playbook: ") == len(playbooks) > 20


def tasks_of(block: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [task for entry in block for task in (entry.get("tasks", []) if "hosts" in entry else [entry])]


@pytest.mark.parametrize("path", [*SOURCES, *DOCUMENTS], ids=lambda path: "/".join(path.parts[-2:]))
def test_a_task_gives_its_module_what_it_takes(path: Path) -> None:
    """--syntax-check does not look at the arguments of a module."""
    for task in tasks_of([entry for block in blocks(path) if isinstance(block, list) for entry in block]):
        for key, arguments in task.items():
            if not key.startswith("boltloom.cluster."):
                continue
            module = ROOT / f"plugins/modules/{key.rpartition('.')[2]}.py"
            options = yaml.safe_load(constant(module, "DOCUMENTATION")).get("options", {})
            assert set(arguments or {}) <= set(options), task


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: "/".join(path.parts[-2:]))
def test_what_a_document_says_to_type_is_there(path: Path) -> None:
    """Playbooks, roles, modules and variables that a document names."""
    text = path.read_text()
    for name in re.findall(r"ansible-playbook boltloom\.cluster\.(\w+)", text):
        assert (ROOT / f"playbooks/{name}.yml").is_file(), name
    known = "".join(spec.read_text() for spec in (ROOT / "roles").glob("*/meta/argument_specs.yml"))
    for variable in re.findall(r"\b(?:thunderbolt_net|rdma_check)_[a-z_]+\b", text):
        assert re.search(rf"^ +{variable}:", known, re.MULTILINE), variable
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (path.parent / target).exists(), target
