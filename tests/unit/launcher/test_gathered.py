# SPDX-License-Identifier: Apache-2.0
"""The quick look at one host; what follows it is Ansible's, and is tested on the fleet."""

from __future__ import annotations

from pathlib import Path

import pytest
from boltloom_launcher import gathered
from boltloom_launcher.hosts import Reach


def test_a_host_with_a_record_is_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathered, "_RECORDS", (str(tmp_path / "mac"), str(tmp_path / "linux")))
    assert not gathered.looks_configured(Reach("here"))
    (tmp_path / "linux").touch()
    assert gathered.looks_configured(Reach("here"))


def test_a_host_that_does_not_answer_is_not() -> None:
    assert not gathered.looks_configured(Reach("far", "no-such-host.invalid"))
