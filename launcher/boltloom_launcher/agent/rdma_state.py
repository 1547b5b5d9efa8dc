# SPDX-License-Identifier: Apache-2.0
"""What this host's system says of its RDMA devices, in its own words: the launcher knows how to read them."""

from __future__ import annotations

import glob
import os
import subprocess

_SYS = "/sys/"
_DEVICES = _SYS + "class/infiniband"
_COMMAND = ("/usr/bin/ibv_devinfo", "-v")
_ASK_S = 10.0


def rdma_state() -> dict[str, str]:
    """Paths below /sys with their contents, or what ``ibv_devinfo`` prints; nothing where there is neither."""
    if os.path.isdir(_DEVICES):
        return dict(_tree())
    null = subprocess.DEVNULL  # our own stdin is the launcher's connection
    try:
        said = subprocess.run(_COMMAND, stdin=null, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=_ASK_S)
    except FileNotFoundError:
        return {}
    except (OSError, subprocess.SubprocessError) as error:
        return {"ibv_devinfo": str(error)}
    return {"ibv_devinfo": said.stdout.decode(errors="replace")}


def _tree() -> list[tuple[str, str]]:
    found = []
    for path in glob.glob(f"{_DEVICES}/*/ports/*/state"):
        try:
            with open(path) as file:
                found.append((path[len(_SYS) :], file.read(100)))
        except OSError:
            continue  # its cable was pulled meanwhile
    return found
