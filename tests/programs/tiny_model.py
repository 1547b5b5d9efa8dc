# SPDX-License-Identifier: Apache-2.0
"""A language model of random numbers, in the files that MLX-LM reads. What it says is always the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import mlx.core as mx
from tokenizers import Tokenizer, models, pre_tokenizers

LAYERS, HIDDEN, INNER, HEADS = 4, 64, 128, 4
_SYLLABLES = [first + second for first in "bdfgklmnprst" for second in "aeiou"]
WORDS = ["<unk>", "<end>", *(one + other for one in _SYLLABLES[:16] for other in _SYLLABLES)]

CONFIG = {
    "model_type": "ministral3",  # a kind that can be sharded both ways
    "hidden_size": HIDDEN,
    "num_hidden_layers": LAYERS,
    "intermediate_size": INNER,
    "num_attention_heads": HEADS,
    "num_key_value_heads": HEADS,
    "rms_norm_eps": 1e-6,
    "vocab_size": len(WORDS),
    "max_position_embeddings": 512,
    "rope_parameters": {"rope_theta": 10000.0, "original_max_position_embeddings": 512, "llama_4_scaling_beta": 0.1},
    "tie_word_embeddings": False,
    "eos_token_id": 1,
}
TOKENIZER = {
    "tokenizer_class": "TokenizersBackend",  # the files as they are, not what belongs to the kind of model
    "unk_token": "<unk>",
    "eos_token": "<end>",
    "chat_template": "{% for message in messages %}{{ message['content'] }} {% endfor %}",
}


def write_model(folder: Path) -> None:
    """Write the model into this folder."""
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "tokenizer_config.json").write_text(json.dumps(TOKENIZER))
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(folder / "tokenizer.json"))
    weights = dict(_weights())
    mx.save_safetensors(str(folder / "model.safetensors"), weights, {"format": "mlx"})
    index = {"metadata": {}, "weight_map": dict.fromkeys(weights, "model.safetensors")}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def _weights() -> Iterator[tuple[str, mx.array]]:
    mx.random.seed(3)
    # Logits as far apart as these do not change places because a sum was made in another order.
    yield "lm_head.weight", mx.random.normal((len(WORDS), HIDDEN))
    yield "model.embed_tokens.weight", mx.random.normal((len(WORDS), HIDDEN))
    yield "model.norm.weight", mx.ones(HIDDEN)
    for layer in range(LAYERS):
        for name in ("input_layernorm", "post_attention_layernorm"):
            yield f"model.layers.{layer}.{name}.weight", mx.ones(HIDDEN)
        for name in ("q_proj", "k_proj", "v_proj", "o_proj"):
            yield f"model.layers.{layer}.self_attn.{name}.weight", _linear(HIDDEN, HIDDEN)
        yield f"model.layers.{layer}.mlp.gate_proj.weight", _linear(INNER, HIDDEN)
        yield f"model.layers.{layer}.mlp.up_proj.weight", _linear(INNER, HIDDEN)
        yield f"model.layers.{layer}.mlp.down_proj.weight", _linear(HIDDEN, INNER)


def _linear(rows: int, columns: int) -> mx.array:
    return mx.random.normal((rows, columns)) * columns**-0.5
