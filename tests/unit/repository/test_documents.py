# SPDX-License-Identifier: Apache-2.0
"""What the documents point to is there: a newcomer follows them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PATH = re.compile(r"`([\w.{}-]+/[\w./-]*|[\w-]+\.(?:md|py|toml|yml))`")
MADE_BY_USERS = {"inventory.yml", "boltloom-hostfile.json", ".build/ansible_collections/boltloom/cluster"}


@pytest.mark.parametrize("document", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "contracts/README.md"])
def test_every_path_that_is_named_exists(document: str):
    text = (ROOT / document).read_text()
    named = set(PATH.findall(text)) - MADE_BY_USERS
    homes = (ROOT, ROOT / document.rpartition("/")[0], ROOT / "launcher/boltloom_launcher", ROOT / "native")
    missing = sorted(name for name in named if not any((home / name).exists() for home in homes))
    assert not missing


def test_make_help_lists_every_target_a_person_types():
    makefile = (ROOT / "Makefile").read_text()
    promised = set(re.findall(r"`make ([\w-]+)`", "".join(p.read_text() for p in ROOT.glob("*.md"))))
    offered = set(re.findall(r"^([\w-]+):.*## ", makefile, flags=re.MULTILINE))
    assert promised <= offered
