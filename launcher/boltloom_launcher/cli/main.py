# SPDX-License-Identifier: Apache-2.0
"""Entry point of the command ``boltloom``. A Ctrl-C while we are still being imported shows no traceback either."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command and exit with its status."""
    try:
        from boltloom_launcher.cli.commands import run
    except KeyboardInterrupt:
        print("boltloom: interrupted", file=sys.stderr)
        sys.exit(130)
    sys.exit(run())
