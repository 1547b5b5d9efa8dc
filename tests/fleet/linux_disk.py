# SPDX-License-Identifier: Apache-2.0
"""The files of a simulated Linux host, written before it boots: what a small Debian with that network manager has."""

import os
import shutil
from pathlib import Path
from typing import Any

from .description import MacDescription
from .disk import (
    ETC_FROM_DEBIAN,
    GID,
    MAC_PATH,
    PASSWORD_HASH,
    SSHD_CONFIG,
    UID,
    hide,
    hosts_file,
    link,
    make_home,
    make_key,
    write_text,
)

_USERS = (
    ("sshd", 75),
    ("messagebus", 101),
    ("polkitd", 102),
    ("systemd-timesync", 997),
    ("systemd-network", 998),
    ("nobody", 65534),
)
_NETWORKMANAGER = """\
[main]
plugins=keyfile
dns=none
"""
_CONNECTION = """\
[connection]
id=Office
uuid=4b0c7c9e-2d1f-4c5e-9f5a-3c1d2e4f5a6b
type=ethernet
interface-name=eth0

[ipv4]
method=manual
address1={address},{router}

[ipv6]
method=link-local
"""
_NETWORK = """\
[Match]
Name=eth0

[Network]
Address={address}
Gateway={router}
LinkLocalAddressing=ipv6
IPv6AcceptRA=no
"""
_OS_RELEASE = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n'


def make_disk(disk: Path, host: MacDescription, facts: dict[str, Any], addresses: dict[str, str], key: str) -> None:
    """All that outlives a reboot of the host."""
    etc = disk / "etc"
    _make_etc(etc, host, addresses)
    make_key(etc / "ssh/ssh_host_ed25519_key", host.name)
    make_home(disk / "home" / host.user, key)
    for name in ("tmp", "log", "empty", "lib/sudo", "lib/NetworkManager"):
        (disk / "var" / name).mkdir(parents=True)
    (disk / "var/run").symlink_to("/run")
    (disk / "var/tmp").chmod(0o1777)
    (disk / "root").mkdir(mode=0o700)
    _make_network(etc, host.manager, {"address": facts["en0_address"], "router": facts["router"]})


def _make_etc(etc: Path, host: MacDescription, addresses: dict[str, str]) -> None:
    for name in ETC_FROM_DEBIAN:
        source, target = Path("/etc", name), etc / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.exists():
            shutil.copy2(source, target)
    users = [("root", 0, 0, "/root", "/bin/sh"), (host.user, UID, GID, host.home, "/bin/bash")]
    users += [(name, number, number, "/var/empty", "/usr/sbin/nologin") for name, number in _USERS]
    write_text(etc / "passwd", "".join(f"{n}:x:{u}:{g}:{n}:{home}:{shell}\n" for n, u, g, home, shell in users))
    write_text(etc / "shadow", f"root:*:1::::::\n{host.user}:{PASSWORD_HASH}:1::::::\nsshd:*:1::::::\n", 0o600)
    groups = "".join(f"{name}:x:{number}:\n" for name, number in _USERS)
    write_text(etc / "group", f"root:x:0:\ntty:x:4:\nusers:x:{GID}:\nsudo:x:80:{host.user}\nnetdev:x:103:\n{groups}")
    write_text(etc / "nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\n")
    write_text(etc / "hosts", hosts_file(addresses, host.name))
    write_text(etc / "hostname", host.name + "\n")
    write_text(etc / "os-release", _OS_RELEASE)
    write_text(etc / "machine-id", os.urandom(16).hex() + "\n")
    write_text(etc / "ssh/sshd_config", SSHD_CONFIG)
    password = "" if "no-sudo" in host.faults else "NOPASSWD: "
    rules = "Defaults env_reset\nDefaults secure_path=" + MAC_PATH + "\nroot ALL=(ALL) ALL\n"
    write_text(etc / "sudoers", f"{rules}%sudo ALL=(ALL) {password}ALL\n", 0o440)
    pam = "auth required pam_unix.so\naccount required pam_permit.so\nsession required pam_permit.so\n"
    for service in ("sudo", "sudo-i", "su", "other"):
        write_text(etc / "pam.d" / service, pam)


def _make_network(etc: Path, manager: str, values: dict[str, str]) -> None:
    """The user's own configuration: eth0, and nothing of the cables."""
    for folder in ("systemd/network", "udev/rules.d", "NetworkManager/system-connections"):
        (etc / folder).mkdir(parents=True)
    if manager == "networkmanager":
        write_text(etc / "NetworkManager/NetworkManager.conf", _NETWORKMANAGER)
        write_text(etc / "NetworkManager/system-connections/office.nmconnection", _CONNECTION.format(**values), 0o600)
    elif manager == "networkd":
        write_text(etc / "systemd/network/50-office.network", _NETWORK.format(**values))


def make_tree(tree: Path, python: str) -> None:
    """The layer over /usr: the python3 that was described, and no rules of udev but the host's own."""
    (tree / "usr").mkdir(parents=True)
    for other in Path("/usr/bin").glob("python*"):
        if str(other) != python:
            hide(tree / "usr/bin" / other.name)
    if python:
        (tree / "usr/bin/python3").unlink(missing_ok=True)
        link(tree / "usr/bin/python3", python)
    if os.path.isdir("/usr/lib/udev/rules.d"):  # they would name, and load drivers for, the devices of this machine
        for rule in Path("/usr/lib/udev/rules.d").iterdir():
            hide(tree / "usr/lib/udev/rules.d" / rule.name)
