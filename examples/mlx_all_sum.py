# SPDX-License-Identifier: Apache-2.0
"""An MLX program that knows nothing of Boltloom: MLX's own ring, started by either launcher.

boltloom launch -n 4 -- python examples/mlx_all_sum.py
mlx.launch -n 4 -- python examples/mlx_all_sum.py
"""

from __future__ import annotations

import platform
import sys

import mlx.core as mx


def main() -> None:
    group = mx.distributed.init(strict=True, backend="ring")
    total = mx.distributed.all_sum(mx.full((1000,), group.rank() + 1.0), group=group)
    right = sum(range(1, group.size() + 1))
    where = f"rank {group.rank()} on {platform.node()}"
    if not mx.all(total == right).item():
        sys.exit(f"{where}: the sum is {total} and should be {right}")
    print(f"{where}: MLX's sum over {group.size()} ranks is {right} ok", flush=True)


if __name__ == "__main__":
    main()
