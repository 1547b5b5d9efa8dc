# SPDX-License-Identifier: Apache-2.0
"""The quick look at one host; what follows it is Ansible's, and is tested on the fleet."""

from __future__ import annotations

from pathlib import Path

import pytest
from boltloom_launcher import gathered
from boltloom_launcher.ansible import collection
from boltloom_launcher.ansible.account import Account
from boltloom_launcher.errors import UnfitError
from boltloom_launcher.hosts import Reach


def test_a_host_with_a_record_is_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathered, "_RECORDS", (str(tmp_path / "mac"), str(tmp_path / "linux")))
    assert not gathered.looks_configured(Reach("here"))
    (tmp_path / "linux").touch()
    assert gathered.looks_configured(Reach("here"))


def test_a_host_that_does_not_answer_is_not() -> None:
    assert not gathered.looks_configured(Reach("far", "no-such-host.invalid"))


@pytest.mark.parametrize("part", [True, False])
def test_a_part_of_a_ring_has_no_ring(part: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is no fault of its cables."""
    fabric = {"over": "ethernet", "to_change": [], "reason": "there is no ring"}
    facts = {"format": 1, "hostname": "a", "applied": {"plan": "x"}}
    account = Account(results={"fabric_plan": fabric, "hostfile": {}}, facts={"a": facts, "c": facts})
    monkeypatch.setattr(collection, "run_play", lambda play, voice: account)
    inventory = tmp_path / "inventory"
    inventory.touch()
    monkeypatch.setattr(gathered.codec, "facts_from_dict", lambda facts: type("Facts", (), facts))
    said: list[str] = []
    if part:
        assert gathered.gather([str(inventory)], ["a", "c"], said.append, part) is None
        assert "the cables do not join these hosts alone (there is no ring)" in said[-1]
    else:
        with pytest.raises(UnfitError, match="configured for other cables than there are"):
            gathered.gather([str(inventory)], ["a", "c"], said.append, part)
