# SPDX-License-Identifier: Apache-2.0
"""The files of the simulated hosts, written before they boot: a Mac's disk and commands, the control's home."""

import json
import os
import plistlib
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

from .description import MacDescription
from .mac.commands import PLACES, WITH_RDMA_ONLY
from .mac.preferences import factory_preferences
from .models import FIRST_WITH_RDMA

MAC_PATH = "/usr/bin:/bin:/usr/sbin:/sbin"
UID, GID = 501, 20  # the first user of a Mac, and its group staff
# The password is "boltloom"; it is asked for only where the fault no-sudo is described.
PASSWORD_HASH = "$6$fleet$/ildKm2dSybo6QaAlJzNw7.4fKY/y01lmVv4snWBBMWng6NMHe3XyM89fk5FsqBd6qrTZuO26u4MNEmLdGwS6."
# A Mac does not have these; the emulated commands reach `ip` and `bridge` at a place of their own.
_HIDDEN = (
    "usr/sbin/ip",
    "usr/bin/ip",
    "usr/sbin/bridge",
    "usr/sbin/tc",
    "usr/bin/nmcli",
    "usr/bin/ss",
    "usr/lib/os-release",
)
ETC_FROM_DEBIAN = (
    "ld.so.cache",
    "ld.so.conf",
    "localtime",
    "login.defs",
    "protocols",
    "services",
    "shells",
    "ssl/openssl.cnf",
)
SSHD_CONFIG = f"""\
HostKey /etc/ssh/ssh_host_ed25519_key
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin no
UsePAM no
UseDNS no
PrintMotd no
PrintLastLog no
AcceptEnv LANG LC_*
SetEnv PATH={MAC_PATH}
Subsystem sftp internal-sftp
"""


def write_text(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file with exactly these permissions, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


def make_key(path: Path, comment: str) -> None:
    """An ssh key pair without a passphrase."""
    path.parent.mkdir(parents=True, exist_ok=True)
    argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)


def hosts_file(addresses: dict[str, str], own_name: str) -> str:
    """/etc/hosts: every host of the fleet, also under the name that Bonjour would give it."""
    lines = ["127.0.0.1 localhost", "::1 localhost"]
    lines += [f"{address} {name} {name}.local" for name, address in addresses.items()]
    if own_name not in addresses:
        lines.append(f"127.0.0.1 {own_name}")
    return "\n".join(lines) + "\n"


def make_mac_disk(disk: Path, mac: MacDescription, facts: dict[str, Any], addresses: dict[str, str], key: str) -> None:
    """All that outlives a reboot of the Mac."""
    etc = disk / "private/etc"
    _make_etc(etc, mac, addresses)
    make_key(etc / "ssh/ssh_host_ed25519_key", mac.name)
    make_home(disk / "Users" / mac.user, key)
    for name in ("tmp", "run", "log", "db", "root", "empty", "lib/sudo"):
        (disk / "private/var" / name).mkdir(parents=True)
    (disk / "private/var/tmp").chmod(0o1777)
    (disk / "private/var/root").chmod(0o700)
    preferences = disk / "Library/Preferences/SystemConfiguration/preferences.plist"
    preferences.parent.mkdir(parents=True)
    preferences.write_bytes(plistlib.dumps(factory_preferences(facts), sort_keys=False))


def make_home(home: Path, key: str) -> None:
    """The user's folder, which the ssh key of the control node opens."""
    write_text(home / ".ssh/authorized_keys", key, 0o600)
    (home / ".ssh").chmod(0o700)
    for path in (home, home / ".ssh", home / ".ssh/authorized_keys"):
        os.chown(path, UID, GID)


def _make_etc(etc: Path, mac: MacDescription, addresses: dict[str, str]) -> None:
    for name in ETC_FROM_DEBIAN:
        source, target = Path("/etc", name), etc / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.exists():
            shutil.copy2(source, target)
    users = [("root", 0, 0, "/var/root", "/bin/sh"), (mac.user, UID, GID, f"/Users/{mac.user}", "/bin/bash")]
    users += [
        (name, number, number, "/var/empty", "/usr/bin/false") for name, number in (("sshd", 75), ("nobody", 65534))
    ]
    write_text(etc / "passwd", "".join(f"{n}:x:{u}:{g}:{n}:{home}:{shell}\n" for n, u, g, home, shell in users))
    write_text(etc / "shadow", f"root:*:1::::::\n{mac.user}:{PASSWORD_HASH}:1::::::\nsshd:*:1::::::\n", 0o600)
    groups = f"wheel:x:0:root\ntty:x:4:\nstaff:x:{GID}:root\nadmin:x:80:root,{mac.user}\nsshd:x:75:\nnogroup:x:65534:\n"
    write_text(etc / "group", groups)
    write_text(etc / "nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\n")
    write_text(etc / "hosts", hosts_file(addresses, mac.name))
    write_text(etc / "hostname", mac.name + "\n")
    write_text(etc / "ssh/sshd_config", SSHD_CONFIG)
    password = "" if "no-sudo" in mac.faults else "NOPASSWD: "
    rules = "Defaults env_reset\nDefaults secure_path=" + MAC_PATH + "\nroot ALL=(ALL) ALL\n"
    write_text(etc / "sudoers", f"{rules}%admin ALL=(ALL) {password}ALL\n", 0o440)
    pam = "auth required pam_unix.so\naccount required pam_permit.so\nsession required pam_permit.so\n"
    for service in ("sudo", "sudo-i", "su", "other"):
        write_text(etc / "pam.d" / service, pam)


def make_tree(tree: Path, mac: MacDescription, python: str) -> None:
    """The layer over /usr, and /System."""
    version = tuple(int(part) for part in mac.macos.split("."))
    for name, place in PLACES.items():
        if name in WITH_RDMA_ONLY and version < FIRST_WITH_RDMA:
            continue
        link(tree / place, "/.fleet/lib/command")
    _hide_linux_programs(tree)
    for other in Path("/usr/bin").glob("python*"):  # a Mac has one python3, and it is the one that was described
        if str(other) != python:
            hide(tree / "usr/bin" / other.name)
    if python:
        place = tree / "usr/bin/python3"
        place.unlink(missing_ok=True)
        link(place, python)
    plist = {
        "ProductBuildVersion": mac.build,
        "ProductName": "macOS",
        "ProductUserVisibleVersion": mac.macos,
        "ProductVersion": mac.macos,
        "iOSSupportVersion": mac.macos,
    }
    path = tree / "System/Library/CoreServices/SystemVersion.plist"
    path.parent.mkdir(parents=True)
    path.write_bytes(plistlib.dumps(plist))


def _hide_linux_programs(tree: Path) -> None:
    namesakes = {f"usr/{folder}/{name}" for name in PLACES for folder in ("bin", "sbin")} - set(PLACES.values())
    for place in (*_HIDDEN, *sorted(namesakes)):
        if os.path.lexists("/" + place):
            hide(tree / place)


def link(place: Path, target: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target)


def hide(place: Path) -> None:
    """An overlay whiteout: the file of the layer below is not there."""
    place.parent.mkdir(parents=True, exist_ok=True)
    os.mknod(place, stat.S_IFCHR, os.makedev(0, 0))


def make_control_home(
    home: Path, macs: dict[str, MacDescription], addresses: dict[str, str], bridged: dict[str, str], disks: Path
) -> None:
    """The control node's ~/.ssh: its key is there already; every Mac is known, by short name."""
    known = []
    config = []
    for name, mac in macs.items():
        etc = disks / name / "disk" / ("etc" if mac.linux else "private/etc")
        host_key = (etc / "ssh/ssh_host_ed25519_key.pub").read_text(encoding="ascii")
        known.append(f"{name},{name}.local,{addresses[name]} {' '.join(host_key.split()[:2])}\n")
        config.append(f"Host {name} {name}.local {addresses[name]}\n  HostName {addresses[name]}\n  User {mac.user}\n")
        config.append(f"  HostKeyAlias {name}\n")
        if bridged[name]:
            config.append(f"Host {bridged[name]}\n  User {mac.user}\n  HostKeyAlias {name}\n")
    config.append(f"Host *\n  IdentityFile {home}/.ssh/id_ed25519\n  IdentitiesOnly yes\n")
    config.append(f"  UserKnownHostsFile {home}/.ssh/known_hosts\n  StrictHostKeyChecking yes\n")
    write_text(home / ".ssh/known_hosts", "".join(known))
    write_text(home / ".ssh/config", "".join(config), 0o600)
    (home / ".ssh").chmod(0o700)


def write_json(path: Path, value: Any) -> None:
    """Replace a JSON file in one step: whoever reads it sees the old or the new one."""
    new = path.with_suffix(".new")
    write_text(new, json.dumps(value, indent=1))
    new.rename(path)
