# SPDX-License-Identifier: Apache-2.0
"""The programs that people run, under the real command, on this computer or across simulated Macs."""

from __future__ import annotations

from fleet.pytest_plugin import bring_up  # noqa: F401 - a fixture
