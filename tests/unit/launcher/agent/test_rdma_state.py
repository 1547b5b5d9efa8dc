# SPDX-License-Identifier: Apache-2.0
"""What a host's system says of its RDMA devices."""

from __future__ import annotations

from pathlib import Path

import pytest
from boltloom_launcher.agent import rdma_state


def test_linux_says_it_in_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = tmp_path / "class/infiniband/mlx5_0/ports/1/state"
    state.parent.mkdir(parents=True)
    state.write_text("4: ACTIVE\n")
    monkeypatch.setattr(rdma_state, "_SYS", f"{tmp_path}/")
    monkeypatch.setattr(rdma_state, "_DEVICES", f"{tmp_path}/class/infiniband")
    assert rdma_state.rdma_state() == {"class/infiniband/mlx5_0/ports/1/state": "4: ACTIVE\n"}


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("#!/bin/sh\necho hca_id: $1\necho sorry >&2\nexit 1\n", {"ibv_devinfo": "hca_id: -v\nsorry\n"}),
        ("#!/bin/sh\nexec sleep 60\n", {"ibv_devinfo": "timed out"}),
        (None, {}),
    ],
)
def test_macos_says_it_by_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, said: dict[str, str]
) -> None:
    command = tmp_path / "ibv_devinfo"
    if script:
        command.write_text(script)
        command.chmod(0o755)
    monkeypatch.setattr(rdma_state, "_DEVICES", "/no/such/folder")
    monkeypatch.setattr(rdma_state, "_COMMAND", (str(command), "-v"))
    monkeypatch.setattr(rdma_state, "_ASK_S", 2.0 if script and "sleep" not in script else 0.2)
    found = rdma_state.rdma_state()
    assert found.keys() == said.keys()
    assert all(said[key] in found[key] for key in said)
