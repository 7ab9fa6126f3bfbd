#!/usr/bin/env python3
"""Makes a checkpoint of arbitrary weights, small enough that prompts of a million tokens take minutes.

    scripts/make-tiny-model.py FOLDER [--context-length 1048576] [--layers 2]

A Hugging Face folder without a tokenizer: `penstock bench` needs none, and `penstock serve` takes token ids
with `--skip-tokenizer-init`.
"""

import argparse
import json
import random
import struct
import sys
from pathlib import Path

HIDDEN = 64
HEADS, KV_HEADS, HEAD_SIZE = 1, 1, 16
FEED_FORWARD = 176
VOCABULARY = 512


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes a tiny checkpoint of arbitrary weights.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--context-length", type=lambda text: count(text, 1 << 30), default=1 << 20)
    parser.add_argument("--layers", type=lambda text: count(text, 1 << 12), default=2)
    options = parser.parse_args()
    try:
        write_model(options)
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}")


def write_model(options: argparse.Namespace) -> None:
    options.folder.mkdir(parents=True, exist_ok=True)
    configuration = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": HIDDEN,
        "intermediate_size": FEED_FORWARD,
        "num_hidden_layers": options.layers,
        "num_attention_heads": HEADS,
        "num_key_value_heads": KV_HEADS,
        "head_dim": HEAD_SIZE,
        "vocab_size": VOCABULARY,
        "max_position_embeddings": options.context_length,
        "rms_norm_eps": 1e-5,
        "rope_theta": 1e7,
        "tie_word_embeddings": True,
        "hidden_act": "silu",
        "bos_token_id": 0,
        "eos_token_id": 1,
    }
    (options.folder / "config.json").write_text(json.dumps(configuration, indent=2) + "\n")
    write_safetensors(options.folder / "model.safetensors", shapes(options.layers))


def count(text: str, maximum: int) -> int:
    if not text.isdecimal() or len(text) > len(str(maximum)) or not 1 <= int(text) <= maximum:
        raise argparse.ArgumentTypeError(f"it must be a whole number from 1 to {maximum}")
    return int(text)


def shapes(layers: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of all tensors; matrices have a row for each output."""
    tensors = {"model.embed_tokens.weight": (VOCABULARY, HIDDEN), "model.norm.weight": (HIDDEN,)}
    for layer in range(layers):
        prefix = f"model.layers.{layer}."
        tensors |= {
            prefix + "input_layernorm.weight": (HIDDEN,),
            prefix + "self_attn.q_proj.weight": (HEADS * HEAD_SIZE, HIDDEN),
            prefix + "self_attn.k_proj.weight": (KV_HEADS * HEAD_SIZE, HIDDEN),
            prefix + "self_attn.v_proj.weight": (KV_HEADS * HEAD_SIZE, HIDDEN),
            prefix + "self_attn.o_proj.weight": (HIDDEN, HEADS * HEAD_SIZE),
            prefix + "post_attention_layernorm.weight": (HIDDEN,),
            prefix + "mlp.gate_proj.weight": (FEED_FORWARD, HIDDEN),
            prefix + "mlp.up_proj.weight": (FEED_FORWARD, HIDDEN),
            prefix + "mlp.down_proj.weight": (HIDDEN, FEED_FORWARD),
        }
    return tensors


def write_safetensors(path: Path, tensors: dict[str, tuple[int, ...]]) -> None:
    """Norms of ones, matrices that keep the size of what they multiply; the same each time."""
    generator = random.Random(1)
    header: dict[str, dict] = {}
    data = bytearray()
    for name, shape in tensors.items():
        if len(shape) == 1:
            values = [1.0] * shape[0]
        else:
            scale = shape[1] ** -0.5
            values = [generator.gauss(0, scale) for _ in range(shape[0] * shape[1])]
        first = len(data)
        data += b"".join(bfloat16(value) for value in values)
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [first, len(data)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def bfloat16(value: float) -> bytes:
    """The upper half of the 32-bit float."""
    return struct.pack("<f", value)[2:]


if __name__ == "__main__":
    main()
