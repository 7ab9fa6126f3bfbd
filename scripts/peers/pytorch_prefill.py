"""Prints PyTorch's tokens per second for one prompt: pytorch_prefill.py MODEL.gguf LENGTH THREADS

Needs torch, transformers, accelerate and gguf. The model is loaded, and warm from a short prompt, before time
is taken. As in serving, keys and values are kept, and only the last position has logits.
"""

import sys
import time
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, logging

WARM_UP_TOKENS = 512


def main() -> None:
    path, length, threads = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    logging.set_verbosity_error()
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.bfloat16, attn_implementation="sdpa").eval()
    prefill(model, min(length, WARM_UP_TOKENS))
    print(length / prefill(model, length))


def prefill(model, length: int) -> float:
    """Seconds for a prompt of arbitrary tokens."""
    tokens = torch.randint(model.config.vocab_size, (1, length))
    began = time.perf_counter()
    with torch.inference_mode():
        model(tokens, use_cache=True, logits_to_keep=1).logits.argmax().item()
    return time.perf_counter() - began


main()
