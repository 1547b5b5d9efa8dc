# SPDX-License-Identifier: Apache-2.0
"""Text from a model that is divided among all ranks: MLX-LM's own sharding, each rank with its part of every layer,
or (--pipeline) with some of the layers.

boltloom launch -n 4 -- python examples/mlx_lm_generate.py --model MODEL --prompt "Once upon a time"
"""

from __future__ import annotations

import argparse

import mlx.core as mx
from mlx_lm import stream_generate
from mlx_lm.utils import sharded_load


def main() -> None:
    parser = argparse.ArgumentParser(description="text from a model that is divided among all ranks")
    parser.add_argument("--model", required=True, help="a folder that every host has, or a name on Hugging Face")
    parser.add_argument("--prompt", default="Once upon a time")
    parser.add_argument("--max-tokens", type=int, default=100)
    parser.add_argument("--pipeline", action="store_true", help="divide the layers, not what is in them")
    options = parser.parse_args()
    group = mx.distributed.init()
    groups = (group, None) if options.pipeline else (None, group)
    model, tokenizer = sharded_load(options.model, *groups)
    prompt = tokenizer.apply_chat_template([{"role": "user", "content": options.prompt}], add_generation_prompt=True)
    # Every rank has to ask for every word: each computes a part of it.
    for part in stream_generate(model, tokenizer, prompt, max_tokens=options.max_tokens):
        if group.rank() == 0:
            print(part.text, end="", flush=True)
    if group.rank() == 0:
        print()
    # Who left now would take what the others still wait for along.
    mx.eval(mx.distributed.all_sum(mx.array(1.0), stream=mx.cpu))


if __name__ == "__main__":
    main()
