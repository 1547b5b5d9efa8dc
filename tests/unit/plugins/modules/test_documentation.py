# SPDX-License-Identifier: Apache-2.0
"""What a module says about its arguments is what it accepts; roles and other plugins likewise."""

from __future__ import annotations

import ast
import importlib
import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import get_type_hints

import pytest
import yaml
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import HostFacts

ROOT = Path(__file__).resolve().parents[4]
COLLECTION = "ansible_collections.boltloom.cluster"
MODULES = sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py"))
ACTIONS = sorted(path.stem for path in (ROOT / "plugins/action").glob("*.py"))
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir())
TRAITS = ("type", "elements", "required", "default", "choices")
LICENCE = "# SPDX-License-Identifier: GPL-3.0-or-later\n"


def options_of(doc):
    """The options of a module, those of the fragments that it extends included."""
    fragments = importlib.import_module(f"{COLLECTION}.plugins.doc_fragments.attributes").ModuleDocFragment
    options = dict(doc.get("options", {}))
    for used in doc.get("extends_documentation_fragment", []):
        name = used.rsplit(".", 1)[1].upper()
        options.update(yaml.safe_load(getattr(fragments, name, "{}")).get("options", {}))
    return options


def documentation(module: str, name: str = "DOCUMENTATION"):
    tree = ast.parse((ROOT / f"plugins/modules/{module}.py").read_text())
    for node in tree.body:
        if isinstance(node, ast.Assign) and node.targets[0].id == name:
            return yaml.safe_load(ast.literal_eval(node.value))
    raise AssertionError(f"{module} has no {name}")


def spec(module: str):
    if module in ACTIONS:
        action = importlib.import_module(f"{COLLECTION}.plugins.action.{module}").ActionModule
        return getattr(action, "ARGUMENT_SPEC", {})
    return importlib.import_module(f"{COLLECTION}.plugins.modules.{module}").ARGUMENT_SPEC


def traits(options):
    """Only what both sides can say, with what may be left out filled in."""
    normal = {}
    for name, option in options.items():
        normal[name] = {trait: option.get(trait) for trait in TRAITS}
        normal[name]["type"] = option.get("type", "str")
        normal[name]["required"] = option.get("required", False)
    return normal


@pytest.mark.parametrize("module", MODULES)
def test_the_documented_options_are_the_accepted_ones(module):
    assert traits(options_of(documentation(module))) == traits(spec(module))


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_documented_as_what_it_is(module):
    doc = documentation(module)
    assert doc["module"] == module
    assert doc["attributes"]["check_mode"]["support"] == "full"
    assert all(option["description"] for option in doc.get("options", {}).values())
    (task, *_) = documentation(module, "EXAMPLES")
    (used,) = [key for key in task if key.startswith("boltloom.cluster.")]
    assert used == f"boltloom.cluster.{module}"
    assert set(task[used] or {}) <= set(doc.get("options", {}))
    assert {name for name, option in doc.get("options", {}).items() if option.get("required")} <= set(task[used] or {})


def documented_type(hint):
    """How Ansible writes the type of a field: (type, elements, the noun inside)."""
    origin, inner = getattr(hint, "__origin__", None), getattr(hint, "__args__", ())
    if origin is tuple:
        kind, _elements, noun = documented_type(inner[0])
        return "list", kind, noun
    if origin is not None:  # Optional
        return documented_type(inner[0])
    return ("dict", None, hint) if is_dataclass(hint) else (hint.__name__, None, None)


def assert_documented(noun, contains):
    hints = get_type_hints(noun)
    assert list(contains) == [field.name for field in fields(noun)], noun
    for name, entry in contains.items():
        kind, elements, inner = documented_type(hints[name])
        assert (entry["type"], entry.get("elements")) == (kind, elements), f"{noun.__name__}.{name}"
        assert entry["description"]
        if inner is not None:
            assert_documented(inner, entry["contains"])


def test_every_field_of_the_facts_is_documented_as_it_is():
    (schema, *fields_) = documentation("thunderbolt_facts", "RETURN")["thunderbolt"]["contains"].items()
    assert schema[0] == "schema"
    assert_documented(HostFacts, dict(fields_))


def test_every_action_has_its_documentation():
    assert set(ACTIONS) <= set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_documentation_spec_and_one_call(module):
    tree = ast.parse((ROOT / f"plugins/modules/{module}.py").read_text())
    documents = ("DOCUMENTATION", "EXAMPLES", "RETURN")
    code = 0
    for node in tree.body:
        if not (isinstance(node, ast.Assign) and node.targets[0].id in documents):
            code += node.end_lineno - node.lineno + 1
    assert code < 30, f"{module} has {code} lines of code"


def argument_specs(role: str):
    return yaml.safe_load((ROOT / "roles" / role / "meta/argument_specs.yml").read_text())["argument_specs"]


@pytest.mark.parametrize("role", ROLES)
def test_every_variable_of_a_role_is_typed_and_has_one_default(role):
    """ansible-doc shows the default of the specification; the one of defaults/main.yml counts."""
    options = argument_specs(role)["main"]["options"]
    defaults = yaml.safe_load((ROOT / "roles" / role / "defaults/main.yml").read_text())
    assert set(options) == set(defaults)
    for name, option in options.items():
        assert name.startswith(role + "_")
        assert option["type"] and option["description"]
        if "{{ __" in str(defaults[name]):  # made of what only the role knows: described in words
            assert option["default"] == {} and "When not set" in " ".join(option["description"])
        else:
            assert (name, option["default"]) == (name, defaults[name])
        if "choices" in option:
            chosen = defaults[name] if option["type"] == "list" else [defaults[name]]
            assert set(chosen) <= set(option["choices"])


@pytest.mark.parametrize("role", ROLES)
def test_every_phase_of_a_role_is_described_and_takes_what_the_whole_takes(role):
    specs = argument_specs(role)
    files = {path.stem: path.read_text() for path in (ROOT / "roles" / role / "tasks").glob("*.yml")}
    parts = {name for name in files if f"include_tasks: {name}.yml" in "".join(files.values())}
    assert set(files) - parts <= set(specs) <= set(files)
    for name, entry in specs.items():
        assert entry["short_description"] and entry["description"], name
        for option, meaning in entry.get("options", {}).items():
            assert meaning == specs["main"]["options"][option], f"{name}: {option} has a meaning of its own"


@pytest.mark.parametrize("role", ROLES)
def test_every_variable_that_a_role_reads_is_documented(role):
    """Those with __ before the name are its own."""
    folder = ROOT / "roles" / role
    read = "".join(path.read_text() for part in ("tasks", "vars") for path in (folder / part).glob("*.yml"))
    assert set(re.findall(rf"(?<!_)\b{role}_\w+", read)) - {role} <= set(argument_specs(role)["main"]["options"])


def test_the_tags_that_the_readme_promises_are_those_of_the_role():
    tasks = yaml.safe_load((ROOT / "roles/thunderbolt_net/tasks/main.yml").read_text())
    tags = {tag for task in tasks for entry in [task, *task.get("block", [])] for tag in entry.get("tags", [])}
    readme = (ROOT / "roles/thunderbolt_net/README.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \|", readme, re.MULTILINE)
    assert {row for row in rows if not row.startswith("thunderbolt_net_")} == tags - {"never"}  # Ansible's own


@pytest.mark.parametrize(
    "path",
    [
        path.relative_to(ROOT)
        for folder in ("plugins", "roles", "playbooks")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in (".py", ".yml") and path.stat().st_size
    ],
    ids=str,
)
def test_what_ansible_loads_says_its_licence(path):
    assert LICENCE in "".join((ROOT / path).read_text().splitlines(keepends=True)[:4])
