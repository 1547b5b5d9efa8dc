# SPDX-License-Identifier: Apache-2.0
"""A fleet with its control node, on which the real ansible-playbook is run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
FLEETS = ROOT / "tests/fleet/fleets"
SETTINGS = {
    "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build"),
    "ANSIBLE_PIPELINING": "1",
    "ANSIBLE_FORKS": "8",
    "ANSIBLE_NOCOLOR": "1",
    "ANSIBLE_PYTHON_INTERPRETER": "auto_silent",
}


@dataclass(frozen=True)
class Played:
    """What a playbook printed, and how it ended."""

    rc: int
    text: str

    @property
    def flat(self) -> str:
        """The text with the line breaks inside long messages taken out."""
        return re.sub(r"\s+", " ", self.text)

    def count(self, host: str, what: str) -> int:
        """A number of the recap: ok, changed, unreachable, failed."""
        line = re.search(rf"^{re.escape(host)}\s+:(.*)$", self.text, re.MULTILINE)
        assert line, f"{host} is not in the recap:\n{self.text}"
        return int(re.search(rf"\b{what}=(\d+)", line.group(1)).group(1))

    def changed(self) -> int:
        """changed= over all hosts."""
        return sum(int(number) for number in re.findall(r"\bchanged=(\d+)", self.text))


class Rack:
    """A fleet and the folder from which its user works."""

    def __init__(self, fleet, folder: Path, hosts: list[str]):
        self.fleet = fleet
        self.folder = folder
        self.hosts = hosts
        self.inventory = folder / "inventory.yml"
        self.inventory.write_text(json.dumps({"boltloom": {"hosts": dict.fromkeys(hosts)}}))

    @property
    def hostfile(self):
        """What the playbook wrote, None when it did not."""
        path = self.folder / "boltloom-hostfile.json"
        return json.loads(path.read_text()) if path.exists() else None

    def argv(self, playbook: str, *arguments: str, inventory: Path | str | None = None) -> list[str]:
        """The command line that plays it."""
        what = playbook if "/" in playbook else f"boltloom.cluster.{playbook}"
        return [str(BIN / "ansible-playbook"), what, "-i", str(inventory or self.inventory), *arguments]

    def start(self, playbook: str, *arguments: str, inventory: Path | str | None = None):
        """Begin to play it, and leave the process to the caller."""
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        argv = self.argv(playbook, *arguments, inventory=inventory)
        return self.fleet.popen("control", argv, env=SETTINGS, **pipes)

    def play(self, playbook: str, *arguments: str, fails: bool = False, inventory: Path | str | None = None) -> Played:
        """Run a playbook of the collection on the control node, or the file that a path names."""
        argv = self.argv(playbook, *arguments, inventory=inventory)
        done = self.fleet.run("control", argv, env=SETTINGS, timeout=240)
        played = Played(done.returncode, done.stdout + done.stderr)
        assert (played.rc != 0) == fails, f"{' '.join(argv)} exited {played.rc}:\n{played.text}"
        assert "Traceback" not in played.text
        return played

    def on(self, host: str, *argv: str) -> str:
        """Run a command on a host (as root); what it printed."""
        done = self.fleet.run(host, list(argv), root=True)
        assert done.returncode == 0, f"{host}: {argv} exited {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout

    def network_state(self) -> dict[str, str]:
        """Everything that configuring could change, per host, to compare before and after."""
        commands = (
            ("/sbin/ifconfig",),
            ("/usr/sbin/networksetup", "-listnetworkserviceorder"),
            ("/bin/cat", "/Library/Preferences/SystemConfiguration/preferences.plist"),
        )
        return {host: "".join(self.on(host, *argv) for argv in commands) for host in self.hosts}

    def ping(self, host: str, address: str) -> None:
        """One ping must come back within two seconds."""
        self.on(host, "ping", "-c", "1", "-W", "2", address)


@contextmanager
def a_rack(description: Path, name: str):
    import yaml
    from fleet.fleet import fleet_up

    hosts = list(yaml.safe_load(description.read_text())["hosts"])
    (ROOT / ".build").mkdir(exist_ok=True)
    # The folder must be seen by the control node, which has a /tmp of its own.
    with tempfile.TemporaryDirectory(prefix="collection-", dir=ROOT / ".build") as folder:
        os.chmod(folder, 0o755)
        with fleet_up(description, name=name) as fleet:
            yield Rack(fleet, Path(folder), hosts)


@pytest.fixture(scope="module")
def rack(request):
    """The fleet that the test module names in FLEET: a ready one, the text of a fleet file, or what gives that text."""
    from fleet.fleet import why_not_here

    if reason := why_not_here():
        pytest.skip(reason)
    fleet = request.module.FLEET() if callable(request.module.FLEET) else request.module.FLEET
    name = f"col-{request.module.__name__.rsplit('_', 1)[-1][:8]}-{os.getpid()}"
    if "\n" not in fleet:
        with a_rack(FLEETS / f"{fleet}.yml", name) as up:
            yield up
        return
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        file.write(fleet)
        file.flush()
        with a_rack(Path(file.name), name) as up:
            yield up
