# SPDX-License-Identifier: Apache-2.0
"""How many devices of NVIDIA a host has."""

from __future__ import annotations

from pathlib import Path

import pytest
from boltloom_launcher.agent import gpus


def test_they_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpus, "_NODES", str(tmp_path))
    monkeypatch.setattr(gpus, "_DRIVER", f"{tmp_path}/gpus")
    assert gpus.gpus() == 0
    for name in ("gpus/0000:01:00.0", "gpus/0000:02:00.0"):
        (tmp_path / name).mkdir(parents=True)
    assert gpus.gpus() == 2
    for name in ("nvidiactl", "nvidia-uvm", "nvidia3"):  # a container that may use one of the two
        (tmp_path / name).touch()
    assert gpus.gpus() == 1
