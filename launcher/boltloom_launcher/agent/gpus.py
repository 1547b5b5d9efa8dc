# SPDX-License-Identifier: Apache-2.0
"""How many devices of NVIDIA this host has: two ranks on one device are refused by NCCL."""

from __future__ import annotations

import os

_NODES, _NODE = "/dev", "nvidia"  # those that this container may use
_DRIVER = "/proc/driver/nvidia/gpus"


def gpus() -> int:
    """Devices of NVIDIA's driver; nothing is started to find out."""
    nodes = [name for name in _names(_NODES) if name.startswith(_NODE) and name[len(_NODE) :].isdigit()]
    return len(nodes) or len(_names(_DRIVER))


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
