# SPDX-License-Identifier: Apache-2.0
"""Outputs of commands: our own, written by hand in the systems' formats, and captures of real machines.

The captures are third-party and no part of the repository; they stand beside it where the project is
developed. Tests that read them are skipped elsewhere.
"""

from __future__ import annotations

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[5]
OWN = REPOSITORY / "contracts" / "facts" / "recordings"
CAPTURES = REPOSITORY.parent / "shared" / "captures"


def own(host: str, name: str) -> str:
    """One of our own recordings."""
    return (OWN / host / name).read_text(encoding="utf-8")


def capture(command: str, name: str) -> str:
    """The capture whose name begins so. Line ends stay as they are."""
    if not CAPTURES.is_dir():
        pytest.skip("no captures beside the repository")
    (path,) = sorted((CAPTURES / command).glob(name + "*"))
    return path.read_bytes().decode("utf-8")


def all_captures(command: str) -> list[object]:
    """Parameters for a test over every capture of a command; one skipped parameter where there are none."""
    paths = sorted((CAPTURES / command).glob("*")) if CAPTURES.is_dir() else []
    if not paths:
        return [pytest.param(None, marks=pytest.mark.skip(reason="no captures beside the repository"))]
    return [pytest.param(path, id=path.name) for path in paths]
