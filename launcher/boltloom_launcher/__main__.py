# SPDX-License-Identifier: Apache-2.0
"""``python -m boltloom_launcher`` is the command ``boltloom``."""

from boltloom_launcher.cli.main import main

if __name__ == "__main__":
    main()
