# SPDX-License-Identifier: Apache-2.0
"""``boltloom config`` on the control node of a simulated fleet, as an ordinary user of Macs behind real sshds."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from fleet.fleet import Fleet
from fleet.pytest_plugin import BringUp
from launcher.running import BOLTLOOM, DEADLINE

pytestmark = [pytest.mark.fleet, pytest.mark.minutes(3)]

SLOW = 2 * DEADLINE  # a whole playbook, on a computer that does other things too
OTHER_CABLES = (
    "mac1, mac2: configured for other cables than there are: see boltloom.cluster.verify and run "
    "boltloom.cluster.configure, or set thunderbolt_net_over to ethernet in the inventory"
)
PASSWORD = "boltloom"  # what sudo asks for on a Mac with the fault no-sudo


@pytest.fixture(scope="module")
def pair(bring_up: BringUp) -> Fleet:
    """Two Macs, fresh from the box, and a control node."""
    return bring_up("pair")


@pytest.fixture
def fleet_of(bring_up: BringUp, tmp_path: Path) -> Iterator[object]:
    """Bring up the fleet of a description, for one test."""
    up: list[Fleet] = []

    def bring(text: str) -> Fleet:
        (tmp_path / "fleet.yml").write_text(text)
        up.append(bring_up(tmp_path / "fleet.yml"))
        return up[-1]

    yield bring
    for fleet in up:
        fleet.down()


def boltloom(fleet: Fleet, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    done = fleet.run("control", [*BOLTLOOM, *arguments], **{"timeout": SLOW, **options})
    assert "Traceback" not in done.stdout + done.stderr
    return done


def inventory(folder: Path, *hosts: str) -> str:
    path = folder / "inventory.json"
    path.write_text(json.dumps({"boltloom": {"hosts": dict.fromkeys(hosts)}}))
    return str(path)


def printed_hosts(text: str) -> list[dict[str, object]]:
    """The hosts of a hostfile that was printed, which is the last thing that is."""
    return json.loads(text[text.index("\n{") :])["hosts"]  # type: ignore[no-any-return]


def typed_on(fleet: Fleet, printed: str) -> None:
    """Do what a person would: type the lines below each "Setup for HOST" on that host."""
    for host, lines in re.findall(r"^Setup for (\S+)\n=+\n((?:.+\n)+)", printed, re.MULTILINE):
        for line in lines.splitlines():
            done = fleet.run("control", ["ssh", host, line])
            assert (done.returncode, done.stdout) == (0, ""), (line, done.stderr)


def test_the_printed_commands_do_what_auto_setup_does(pair: Fleet, tmp_path: Path) -> None:
    """No-auto-setup changes nothing; typed by hand its lines leave auto-setup nothing to change."""
    before = pair.run("mac1", ["ifconfig"]).stdout
    by_hand = boltloom(pair, "config", "--hosts", "mac1,mac2", "--backend", "ring", "--output-hostfile", "-")
    assert (by_hand.returncode, by_hand.stderr) == (0, "")
    assert pair.run("mac1", ["ifconfig"]).stdout == before
    assert by_hand.stdout.count("sudo networksetup -setmanual") == 2
    typed_on(pair, by_hand.stdout)

    hostfile = tmp_path / "hosts.json"
    argv = ["config", "--hosts", "mac1,mac2", "--backend", "ring", "--auto-setup", "--output", str(hostfile)]
    done = boltloom(pair, *argv, "--diff")
    assert (done.returncode, done.stderr) == (0, "")
    hosts_diff = done.stdout.partition(f"--- {hostfile}")[0]
    changed = re.findall(r"^[+-](?![+-]).*", hosts_diff, re.MULTILINE)
    ours = ("+noted on the host", "+/var/db/boltloom: ", "+taken back by this host itself ")
    assert [line for line in changed if not line.startswith(ours)] == [], "typing left something to do"
    assert done.stdout.endswith(f"wrote {hostfile}\n")
    written = json.loads(hostfile.read_text())
    assert [host["ssh"] for host in written["hosts"]] == ["mac1", "mac2"]
    assert written["hosts"] == printed_hosts(by_hand.stdout)
    assert boltloom(pair, *argv).stdout == f"unchanged: {hostfile}\n"

    envs = ["--env", "GREETING={{ hello }} $HOME", "--env", "A=1"]
    assert boltloom(pair, *argv, *envs).stdout == f"wrote {hostfile}\n"
    assert json.loads(hostfile.read_text())["envs"] == ["GREETING={{ hello }} $HOME", "A=1"]


def test_hosts_that_are_configured_need_no_hostfile(pair: Fleet, tmp_path: Path) -> None:
    """The launcher asks them; where a cable was pulled out it does not step down to Ethernet."""
    if pair.run("mac1", ["ls", "/var/db/boltloom/applied.json"]).returncode != 0:  # by the test before
        argv = ["config", "--hosts", "mac1,mac2", "--backend", "ring", "--auto-setup", "--output"]
        assert boltloom(pair, *argv, str(tmp_path / "elsewhere.json")).returncode == 0
    argv = ["launch", "-i", inventory(tmp_path, "mac1", "mac2")]
    done = boltloom(pair, *argv, "--", "sh", "-c", "echo $RANK $BOLTLOOM_HOSTS")
    asking = "asking 2 hosts for their cables: the hostfile of boltloom.cluster.configure would spare that"
    assert (done.returncode, done.stderr) == (0, f"boltloom: {asking}\n")
    hosts = dict(each.split("=") for each in done.stdout.split("\n")[0].split(" ")[1].split(";"))
    assert list(hosts) == ["mac1", "mac2"] and all(ip.startswith("10.77.") for ip in hosts.values())
    pair.cut("mac1", "mac2")
    try:
        done = boltloom(pair, *argv, "true")
        assert done.returncode == 3
        assert done.stderr.splitlines()[1:] == [f"boltloom: {line}" for line in (OTHER_CABLES,)]
    finally:
        pair.plug("mac1", "mac2")


def test_the_hosts_of_a_hostfile_with_their_users(pair: Fleet, tmp_path: Path) -> None:
    given = tmp_path / "given.json"
    given.write_text(json.dumps([{"ssh": "mac@mac2"}, {"ssh": "mac1"}]))
    done = boltloom(pair, "config", "--hostfile", str(given), "--over", "ethernet")
    assert done.returncode == 0
    assert done.stderr.startswith("boltloom: backend ring: Ethernet is asked for")
    assert done.stdout.startswith("Hostfile\n========\n{")  # the peer's way to print it
    hosts = printed_hosts(done.stdout)
    assert {host["ssh"]: host["ips"] for host in hosts} == {
        "mac@mac2": [pair.addresses["mac2"]],
        "mac1": [pair.addresses["mac1"]],
    }


def test_dot_is_what_the_peer_prints_and_changes_nothing(pair: Fleet) -> None:
    done = boltloom(pair, "config", "--hosts", "mac1,mac2", "--dot")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[:4] == [
        "graph G {",
        "  node [shape=rectangle];",
        '  a [label="mac1"];',
        '  b [label="mac2"];',
    ]
    assert done.stdout.count('a -- b [label="en3/en3"') == 1


def test_topology_draws_and_keeps_what_it_saw(pair: Fleet, tmp_path: Path) -> None:
    facts, svg = tmp_path / "facts.json", tmp_path / "cables.svg"
    done = boltloom(
        pair, "topology", "-i", inventory(tmp_path, "mac1", "mac2"), "--save-facts", str(facts), "-o", str(svg)
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert svg.read_text().count("80 Gb/s") == 1
    again = subprocess.run(
        [*BOLTLOOM, "topology", "--facts", str(facts), "--format", "json"], capture_output=True, timeout=DEADLINE
    )
    assert [host["name"] for host in json.loads(again.stdout)["hosts"]] == ["mac1", "mac2"]


def test_progress_for_whoever_watches(pair: Fleet, tmp_path: Path) -> None:
    """On a terminal a line for each phase; in a pipe nothing; --verbose shows everything."""
    argv = [*BOLTLOOM, "topology", "--hosts", "mac1,mac2", "-o", str(tmp_path / "cables.txt")]
    watched = pair.run("control", ["script", "-qec", " ".join(argv), "/dev/null"], timeout=SLOW)
    assert "boltloom: Read the Thunderbolt ports" in watched.stdout
    assert "Validating arguments" not in watched.stdout
    loud = boltloom(pair, *argv[len(BOLTLOOM) :], "--verbose")
    assert "PLAY RECAP" in loud.stderr and loud.stdout == ""


def test_without_sudo_nothing_is_changed_and_the_commands_are_printed(fleet_of) -> None:
    fleet = fleet_of("hosts: {mac1: , mac2: {faults: [no-sudo]}}\ncables: [[mac1:2, mac2:2]]\n")
    before = [fleet.run(host, ["ifconfig"]).stdout for host in fleet.hosts]
    argv = ["config", "--hosts", "mac1,mac2", "--backend", "ring", "--auto-setup"]
    done = boltloom(fleet, *argv)
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert line.startswith("boltloom: mac2: sudo does not work (") and "--ask-become-pass" in line
    assert done.stdout.count("Setup for ") == 2 and "Hostfile" not in done.stdout
    assert [fleet.run(host, ["ifconfig"]).stdout for host in fleet.hosts] == before

    asked = boltloom(fleet, *argv, "-K", input=PASSWORD + "\n")
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.startswith("Hostfile\n")


def test_hosts_that_do_not_answer_are_all_named_at_once(fleet_of) -> None:
    away = "{faults: [unreachable]}"
    fleet = fleet_of(f"hosts: {{mac1: , mac2: , mac3: {away}, mac4: {away}}}\ncables: [[mac1:2, mac2:2]]\n")
    argv = ["config", "--hosts", "mac1,mac2,mac3,mac4", "--backend", "ring"]
    done = boltloom(fleet, *argv)
    assert (done.returncode, done.stdout) == (3, "")
    (line,) = done.stderr.splitlines()
    assert re.fullmatch(r"boltloom: no connection to mac3 \(.+\); mac4 \(.+\): see that .*", line)
    done = boltloom(fleet, *argv, "--ignore-unreachable")
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert line.endswith("; going on without")
    assert [host["ssh"] for host in printed_hosts(done.stdout)] == ["mac1", "mac2"]


def of_a_run() -> set[str]:
    """The folders of runs in /tmp, where other tests' launches have theirs, under longer names."""
    return {path.name for path in Path("/tmp").iterdir() if re.fullmatch(r"boltloom-[a-z0-9_]{8}", path.name)}


MOMENTS = [0.6, 1.2, 2.0, 3.0, 4.5]


@pytest.mark.parametrize(
    ("number", "after"), [*((signal.SIGINT, s) for s in MOMENTS), (signal.SIGTERM, 2.0), (signal.SIGHUP, 2.0)]
)
def test_a_signal_ends_it_at_once_and_leaves_nothing(pair: Fleet, number: int, after: float) -> None:
    program = (
        "import signal, subprocess, sys, time\n"
        f"run = subprocess.Popen({[*BOLTLOOM, 'config', '--hosts', 'mac1,mac2', '--auto-setup']!r}, "
        "stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)\n"
        f"time.sleep({after})\n"
        f"run.send_signal({int(number)})\n"
        "begin = time.monotonic()\n"
        "said = run.communicate()[1]\n"
        "print(run.returncode, time.monotonic() - begin, said)\n"
        "time.sleep(0.2)\n"
        "print(subprocess.run(['ps', '-eo', 'args'], stdout=subprocess.PIPE, text=True).stdout)\n"
    )
    before = of_a_run()
    done = pair.run(
        "control", [BOLTLOOM[0], "-c", f"import signal; signal.signal(2, signal.default_int_handler)\n{program}"]
    )
    status, seconds = done.stdout.split()[:2]
    assert int(status) in (128 + number, -number), done.stdout
    assert float(seconds) < 20, done.stdout  # its grace, and what closing the connections may take
    assert "Traceback" not in done.stdout.splitlines()[0] + done.stderr
    left = [line for line in done.stdout.splitlines()[1:] if re.search(r"ansible|\[mux\]|^ssh ", line)]
    assert left == []
    assert of_a_run() <= before


def test_a_locale_and_a_stdin_that_ansible_would_refuse(pair: Fleet) -> None:
    done = boltloom(pair, "config", "--hosts", "mac1,mac2", "--dot", env={"LC_ALL": "C", "LANG": "", "LC_CTYPE": ""})
    assert done.returncode == 0, done.stderr
    closed = pair.run(
        "control", ["sh", "-c", 'exec "$@" <&-', "sh", *BOLTLOOM, "config", "--hosts", "mac1,mac2", "--dot"]
    )
    assert closed.returncode == 0, closed.stderr


def test_some_hosts_of_an_inventory(pair: Fleet, tmp_path: Path) -> None:
    path = inventory(tmp_path, "mac1", "mac2")
    for option in (["--limit", "mac2"], ["--hosts", "mac2"]):
        done = boltloom(pair, "config", "-i", path, *option, "--dot")
        assert (done.returncode, done.stderr) == (0, "")
        assert '"mac2"' in done.stdout and 'label="mac1"' not in done.stdout
