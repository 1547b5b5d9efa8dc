# SPDX-License-Identifier: Apache-2.0
"""What can happen to a host, or to the control machine, while a playbook is at work."""

from __future__ import annotations

import contextlib
import difflib
import json
import os
import re
import signal
import subprocess
import time

from collection.conftest import BIN, SETTINGS, Played
from fleet import boot, wiring

STATE = "/var/db/boltloom"
PREFERENCES = "/Library/Preferences/SystemConfiguration/preferences.plist"


def state_of(rack, host):
    """All that its owner could miss: the preferences byte by byte, each interface, the services, the routes."""
    interfaces = re.split(r"^(?=\w[\w.]*: flags=)", rack.on(host, "/sbin/ifconfig"), flags=re.MULTILINE)
    # A bridge that was made again has another index, which its line of IPv6 shows.
    lines = [re.sub(r"\tinet6 fe80.*\n", "", text) for text in interfaces if "bridge0" in text]
    lines += [text for text in interfaces if "bridge0" not in text]
    return {
        "preferences": rack.on(host, "/bin/cat", PREFERENCES),
        "interfaces": sorted(lines),
        "services": rack.on(host, "/usr/sbin/networksetup", "-listnetworkserviceorder"),
        "location": rack.on(host, "/usr/sbin/networksetup", "-getcurrentlocation"),
        "routes": _routes(rack.on(host, "/usr/sbin/netstat", "-rn")),
    }


def _routes(text):
    """Destination, gateway and interface; neighbours come and go, and link-local IPv6 is numbered anew."""
    rows = [line.split() for line in text.split("\n")]
    rows = [row for row in rows if len(row) >= 4 and row[1].count(":") != 5 and not row[0].startswith(("fe80", "ff"))]
    return sorted((row[0], row[1] if "link#" not in row[1] else "link", row[3]) for row in rows)


def states(rack):
    return {host: state_of(rack, host) for host in rack.hosts}


def assert_same(rack, before, within=0.0):
    """Every host is what it was, at the latest after so many seconds."""
    deadline = time.monotonic() + within
    while True:
        now = states(rack)
        if now == before or time.monotonic() >= deadline:
            break
        time.sleep(0.5)
    for host in before:
        for what, was in before[host].items():
            difference = difflib.unified_diff(_lines(was), _lines(now[host][what]), "before", "now", lineterm="")
            assert now[host][what] == was, "\n".join([f"{host}: {what}", *difference])


def _lines(value):
    return (value if isinstance(value, str) else "\n".join(map(str, value))).split("\n")


@contextlib.contextmanager
def networksetup_that(rack, host, verb, does):
    """``does`` is a line of shell that stands in for ``networksetup VERB ...`` on that host."""

    def as_root(script):
        rack.fleet.run(host, ["/bin/sh", "-ec", script], root=True, check=True)

    as_root(f"""
        mkdir -p /tmp/real
        ln -sf "$(readlink -f /usr/sbin/networksetup)" /tmp/real/networksetup
        cp -a /usr/sbin /tmp/sbin
        rm /tmp/sbin/networksetup
        cat > /tmp/sbin/networksetup <<'END'
#!/bin/sh
[ "$1" = {verb} ] && {{ {does}; }}
exec /tmp/real/networksetup "$@"
END
        chmod 755 /tmp/sbin/networksetup
        mount --bind /tmp/sbin /usr/sbin
    """)
    boots = dict(rack.fleet.state.boots)
    try:
        yield
    finally:
        if rack.fleet.state.boots == boots:  # a reboot made the root anew
            as_root("umount -l /usr/sbin && rm -r /tmp/sbin /tmp/real")


def journal_of(rack, host):
    """The journal's text, "" if there is none."""
    return rack.fleet.run(host, ["/bin/cat", f"{STATE}/journal"], root=True).stdout


def wait_for(condition, seconds=60.0):
    """Until something is so. What it gave."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen in time")


def play_file(rack, path):
    """Run a playbook of the user's own. What it printed."""
    argv = [str(BIN / "ansible-playbook"), str(path), "-i", str(rack.inventory)]
    done = rack.fleet.run("control", argv, env=SETTINGS, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    return Played(done.returncode, done.stdout + done.stderr)


class Running:
    """A playbook that is at work."""

    def __init__(self, rack, playbook, *arguments):
        argv = [str(BIN / "ansible-playbook"), f"boltloom.cluster.{playbook}", "-i", str(rack.inventory), *arguments]
        self._output = open(rack.folder / f"running-{time.monotonic_ns()}.txt", "w+b")  # noqa: SIM115 (closed in end)
        self.process = rack.fleet.popen(
            "control",
            argv,
            env=SETTINGS,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def kill(self):
        """The control machine is gone: Ansible and all its children at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.end(5)

    def end(self, seconds):
        """Wait for it. What it printed."""
        try:
            rc = self.process.wait(seconds)
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(5)
        with self._output:
            self._output.seek(0)
            return Played(rc, self._output.read().decode("utf-8", "replace"))


@contextlib.contextmanager
def without_ethernet(rack, host):
    """Its Ethernet cable is out."""
    port = wiring.backplane_port(rack.fleet.description, host, "en0")
    fleet = rack.fleet.state.processes["fleet"]["pid"]
    boot.ip_batch(fleet, f"link set {port} down\n")
    try:
        yield
    finally:
        boot.ip_batch(fleet, f"link set {port} up\n")


@contextlib.contextmanager
def without_power(rack, host):
    """Somebody holds its power button, and presses it again."""
    cables = enumerate(rack.fleet.description.cables)
    numbers = [number for number, cable in cables if host in (cable.ends[0][0], cable.ends[1][0])]
    with rack.fleet._alone():
        boot_before = rack.fleet.state.boots[host]
        rack.fleet._switch_off(host, numbers)
        rack.fleet.state.save()
    try:
        yield
    finally:
        with rack.fleet._alone():
            rack.fleet.state.boots[host] = boot_before
            rack.fleet.state.save()
        rack.fleet.reboot(host)


def module_pid(rack, host):
    """The process that changes the host, as the host sees it."""
    found = rack.fleet.run(host, ["/bin/cat", f"{STATE}/lock"], root=True).stdout
    return json.loads(found)["pid"] if found else 0
