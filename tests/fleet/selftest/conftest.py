# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest
from fleet.pytest_plugin import bring_up

__all__ = ["bring_up", "captures"]

_CAPTURES = Path(__file__).resolve().parents[4] / "shared" / "captures"


@pytest.fixture(scope="session")
def captures() -> Path:
    """Outputs of real Macs, which are not part of the repository."""
    if not _CAPTURES.is_dir():
        pytest.skip("no recordings of real Macs beside this checkout")
    return _CAPTURES
