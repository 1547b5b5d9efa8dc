# SPDX-License-Identifier: Apache-2.0
"""The collection, installed in both ways into clean folders, works from there: docs and the real playbook."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.minutes(1.5)

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
MODULES = ("thunderbolt_facts", "rdma_facts", "thunderbolt_net", "link_check")


def run(*argv: str | Path, env: dict[str, str] | None = None, cwd: Path = ROOT) -> str:
    done = subprocess.run(
        [str(a) for a in argv],
        env=os.environ | (env or {}),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, f"{argv} exited {done.returncode}:\n{done.stdout}"
    return done.stdout


@pytest.fixture(scope="module")
def clean_folder() -> Iterator[Path]:
    """A folder that simulated hosts see too (they have their own /tmp)."""
    (ROOT / ".build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="install-", dir=ROOT / ".build") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def galaxy(clean_folder: Path) -> tuple[Path, dict[str, str]]:
    """The tarball, installed: (the bin folder, the environment that uses it)."""
    run("tools/artefact", clean_folder)
    (tarball,) = clean_folder.glob("boltloom-cluster-*.tar.gz")
    where = clean_folder / "galaxy"
    env = {"ANSIBLE_COLLECTIONS_PATH": str(where), "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false"}
    run(BIN / "ansible-galaxy", "collection", "install", "--offline", tarball, "-p", where, env=env)
    return BIN, env


@pytest.fixture(scope="module")
def wheel(clean_folder: Path) -> tuple[Path, dict[str, str]]:
    """The launcher's wheel in a new virtual environment: (its bin folder, no further environment)."""
    run(BIN / "python", "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", clean_folder, ".")
    (file,) = clean_folder.glob("boltloom_launcher-*.whl")
    where = clean_folder / "venv"
    venv.create(where, with_pip=True, symlinks=True)
    run(where / "bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check", file)
    return where / "bin", {"PATH": f"{where}/bin:{os.environ['PATH']}"}


def test_the_artefact_holds_the_collection_and_nothing_else(clean_folder: Path, galaxy: tuple[Path, dict[str, str]]):
    (tarball,) = clean_folder.glob("boltloom-cluster-*.tar.gz")
    with tarfile.open(tarball) as tar:
        tops = {member.name.split("/")[0] for member in tar.getmembers()}
        names = set(tar.getnames())
        readme = tar.extractfile("README.md").read().decode()
    described = {"MANIFEST.json", "FILES.json", "README.md", "LICENSES", "changelogs", "docs"}
    assert tops - {"CHANGELOG.rst"} == described | {"plugins", "roles", "playbooks", "meta"}
    assert not [name for name in names if "__pycache__" in name]
    assert readme == (ROOT / "docs/galaxy.md").read_text()  # the repository's own is about a checkout
    assert "make demo" not in readme


@pytest.mark.slow
def test_what_ansible_galaxy_builds_of_a_checkout_is_the_collection_too(clean_folder: Path):
    """As `ansible-galaxy collection install git+https://...` does; only the README is the repository's."""
    where = clean_folder / "plain"
    run(BIN / "ansible-galaxy", "collection", "build", "--output-path", where)
    (tarball,) = where.glob("*.tar.gz")
    with tarfile.open(tarball) as plain, tarfile.open(next(clean_folder.glob("*.tar.gz"))) as ours:
        assert set(plain.getnames()) == {*ours.getnames(), "docs/galaxy.md"}


@pytest.mark.slow
def test_the_wheel_holds_launcher_and_collection_and_no_links(clean_folder: Path, wheel: tuple[Path, dict[str, str]]):
    (file,) = clean_folder.glob("boltloom_launcher-*.whl")
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"boltloom_launcher", "ansible_collections"}
    assert "ansible_collections/boltloom/cluster/plugins/modules/thunderbolt_facts.py" in names
    assert "ansible_collections/boltloom/cluster/playbooks/configure.yml" in names
    assert not [name for name in names if "__pycache__" in name]


@pytest.mark.slow
def test_the_wheel_brings_the_command(wheel: tuple[Path, dict[str, str]]):
    bin_folder, env = wheel
    version = (ROOT / "pyproject.toml").read_text().split('\nversion = "')[1].split('"')[0]
    assert version in run(bin_folder / "boltloom", "--version", env=env)
    assert run(bin_folder / "boltloom", "launch", "-n", "2", "--", "echo", "hello", env=env).count("hello") == 2


@pytest.mark.slow
@pytest.mark.parametrize("way", ["galaxy", "wheel"])
def test_ansible_doc_describes_every_module(way: str, request: pytest.FixtureRequest, clean_folder: Path):
    bin_folder, env = request.getfixturevalue(way)
    names = [f"boltloom.cluster.{name}" for name in MODULES]
    docs = json.loads(run(bin_folder / "ansible-doc", "--json", *names, env=env, cwd=clean_folder))
    assert set(docs) == set(names)
    for name in names:
        assert str(clean_folder) in docs[name]["doc"]["filename"], f"{name} came from elsewhere"
        assert docs[name]["doc"]["short_description"]


@pytest.mark.slow
@pytest.mark.fleet
@pytest.mark.parametrize("way", ["galaxy", "wheel"])
def test_the_playbook_configures_a_fleet(way: str, request: pytest.FixtureRequest, clean_folder: Path):
    from fleet.fleet import fleet_up

    bin_folder, env = request.getfixturevalue(way)
    here = clean_folder / f"run-{way}"
    here.mkdir()
    inventory = here / "inventory.yml"
    inventory.write_text("boltloom: {hosts: {mac1: , mac2: }}\n")
    with fleet_up(ROOT / "tests/fleet/fleets/pair.yml", name=f"install-{way}") as fleet:
        done = fleet.run(
            "control",
            [str(bin_folder / "ansible-playbook"), "boltloom.cluster.configure", "-i", str(inventory)],
            env=env,
            cwd=here,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    hosts = json.loads((here / "boltloom-hostfile.json").read_text())["hosts"]
    assert [host["ssh"] for host in hosts] == ["mac1", "mac2"]


def test_a_checkout_uses_itself_and_no_copy():
    """An editable install that copies the collection would let every later edit go unseen."""
    code = "import ansible_collections.boltloom.cluster.plugins.module_utils._fabric.plan as m; print(m.__file__)"
    found = run(BIN / "python", "-P", "-c", code, cwd=Path("/")).strip()
    assert Path(found).resolve() == ROOT / "plugins/module_utils/_fabric/plan.py"


def test_one_version_in_every_product():
    versions = {
        "pyproject.toml": (ROOT / "pyproject.toml").read_text().split('\nversion = "')[1].split('"')[0],
        "galaxy.yml": (ROOT / "galaxy.yml").read_text().split("\nversion: ")[1].split("\n")[0],
        "native/pyproject.toml": (ROOT / "native/pyproject.toml").read_text().split('\nversion = "')[1].split('"')[0],
    }
    assert len(set(versions.values())) == 1, versions


@pytest.mark.slow
def test_the_setup_script_has_nothing_to_do_the_second_time():
    run("tools/setup", "demo")
    assert run("tools/setup", "demo") == ""
