# SPDX-License-Identifier: Apache-2.0
"""Whether this machine can simulate a fleet at all."""

import os
import platform
import subprocess

from . import boot
from .description import Description

# The programs that the manager of a Linux host needs, and the Debian packages that have them.
_MANAGERS = {
    "networkmanager": {"/usr/sbin/NetworkManager": "network-manager", "/usr/bin/dbus-daemon": "dbus"},
    "networkd": {"/lib/systemd/systemd-networkd": "systemd", "/usr/bin/dbus-daemon": "dbus"},
    "udev": {"/lib/systemd/systemd-udevd": "udev"},
}


def missing_packages(description: Description) -> list[str]:
    """Debian packages that the Linux hosts of this fleet need and this machine has not."""
    needed: dict[str, str] = {}
    for host in description.hosts.values():
        needed.update(_MANAGERS.get(host.manager, {}))
    return sorted({package for program, package in needed.items() if not os.path.exists(program)})


def why_not_here() -> str:
    """Why no fleet can be simulated on this machine, "" if one can."""
    if platform.system() != "Linux":
        return f"a simulated fleet needs Linux namespaces; this is {platform.system()}"
    if os.geteuid() != 0:
        return "a simulated fleet needs root (for namespaces and virtual cables)"
    missing = [p for p in ("ip", "bridge", "tc", "nsenter", "sshd", "ssh", "ssh-keygen", "sudo") if not boot.program(p)]
    if missing:
        names = ", ".join(missing)
        return f"a simulated fleet needs {names}: apt-get install iproute2 util-linux openssh-server sudo"
    probe = [boot.program("unshare") or "unshare", "--mount", "--net", "--pid", "--fork", "true"]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        return "a simulated fleet needs namespaces, which this root may not make (a container without CAP_SYS_ADMIN?)"
    return ""
