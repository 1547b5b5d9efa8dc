# SPDX-License-Identifier: Apache-2.0
"""How many devices of NVIDIA this host has: two ranks on one device are refused by NCCL."""

from __future__ import annotations

import glob

_NODES = "/dev/nvidia[0-9]*"  # those that this container may use
_DRIVER = "/proc/driver/nvidia/gpus/*"


def gpus() -> int:
    """Devices of NVIDIA's driver; nothing is started to find out."""
    return len(glob.glob(_NODES)) or len(glob.glob(_DRIVER))
