# SPDX-License-Identifier: Apache-2.0
"""What the init system of a Linux host does at boot: /sys, the message bus, and whoever configures the network.

NetworkManager, systemd-networkd and systemd-udevd are the real ones, with their own files at their own places.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import kernel
from linux import infiniband, sysfs
from mac import machine

_LOG = "/var/log/boot.log"
_DEADLINE = 20.0  # seconds that a manager may take for the office network; it takes one
_IP = "/usr/sbin/ip"


def boot() -> None:
    """Set up a host that was just switched on, until its management address is there."""
    this = machine.this_mac()
    _ip("link", "set", "lo", "up")
    {"networkmanager": _networkmanager, "networkd": _networkd, "udev": _udev, "none": _nobody}[this["manager"]](this)
    sysfs.show()
    if this["infiniband"]:
        infiniband.show(this["infiniband"])
        _daemon("/.fleet/python", "-IS", "/.fleet/lib/linux/infiniband.py")
    _wait("the address of eth0", lambda: this["en0_address"].split("/")[0] in _ip("-4", "addr", "show", "dev", "eth0"))


def _networkmanager(_: dict[str, Any]) -> None:
    _read_only_sys()
    _start_bus()
    os.makedirs("/run/NetworkManager")
    _daemon("/usr/sbin/NetworkManager", "--no-daemon")


def _networkd(_: dict[str, Any]) -> None:
    _read_only_sys()
    _start_bus()
    for folder in ("", "/links", "/leases", "/lldp"):
        os.makedirs(f"/run/systemd/netif{folder}")
        os.chown(f"/run/systemd/netif{folder}", 998, 998)
    _daemon("/lib/systemd/systemd-networkd")


def _udev(this: dict[str, Any]) -> None:
    """ifupdown's place is taken by two commands; a rule may add to them."""
    _nobody(this)
    os.makedirs("/run/udev")
    _daemon("/lib/systemd/systemd-udevd")
    _wait("udevd", lambda: os.path.exists("/run/udev/control"))
    subprocess.run(["/usr/bin/udevadm", "trigger", "--action=add", "--subsystem-match=net"], check=True)
    subprocess.run(["/usr/bin/udevadm", "settle", "--timeout=10"], check=True)


def _nobody(this: dict[str, Any]) -> None:
    _ip("link", "set", "eth0", "up")
    _ip("addr", "add", this["en0_address"], "brd", "+", "dev", "eth0")
    _ip("route", "add", "default", "via", this["router"])


def _read_only_sys() -> None:
    """So that the managers do not wait for udev to name and describe the interfaces: they take it for a container."""
    kernel.mount("none", "/sys", flags=kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY)


def _start_bus() -> None:
    os.makedirs("/run/dbus")
    _daemon("/usr/bin/dbus-daemon", "--system", "--nofork", "--nopidfile")
    _wait("the message bus", lambda: os.path.exists("/run/dbus/system_bus_socket"))


def _daemon(*program: str) -> None:
    """Start it with a view of /sys of its own, without our layers: libudev takes them for a forgery, which they are."""
    argv = ["/usr/bin/unshare", "--mount", *program]
    with open(_LOG, "ab") as log, open("/dev/null", "rb") as nothing:
        places = [(os.POSIX_SPAWN_DUP2, file.fileno(), number) for file, number in ((nothing, 0), (log, 1), (log, 2))]
        # Process 1 blocks SIGCHLD; the message bus would wait for ever for the services that it starts.
        os.posix_spawn(argv[0], argv, {"PATH": "/usr/sbin:/usr/bin"}, file_actions=places, setsid=True, setsigmask=())


def _wait(what: str, there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _DEADLINE
    while not there():
        if time.monotonic() > deadline:
            sys.exit(f"{what} did not come within {_DEADLINE:g} s; the log ends with: {_log_end()}")
        time.sleep(0.05)


def _log_end() -> str:
    with open(_LOG, encoding="utf-8", errors="replace") as log:
        return " | ".join(log.read().split("\n")[-6:])


def _ip(*arguments: str) -> str:
    return subprocess.run([_IP, *arguments], check=True, capture_output=True, text=True).stdout
