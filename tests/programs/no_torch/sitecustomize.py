# SPDX-License-Identifier: Apache-2.0
"""MLX-LM as its users have it, beside no PyTorch: importing that, when it is there, takes longer than all the rest."""

import sys

sys.modules["torch"] = None  # type: ignore[assignment]
