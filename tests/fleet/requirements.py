# SPDX-License-Identifier: Apache-2.0
"""Whether this machine can simulate a fleet at all."""

import os
import platform
import subprocess

from . import boot


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
