# SPDX-License-Identifier: Apache-2.0
"""``python -m hostile``."""

import sys

from .campaign import main

if __name__ == "__main__":  # and not in the processes that the campaign starts
    sys.exit(main())
