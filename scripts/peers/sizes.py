"""How much work the comparisons are."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """All in tokens, but for the requests of a batch, and how often settings are tried."""
    prefill_lengths: tuple[int, ...] = (512, 2048, 8192, 32768)
    # Settings are tried so often, but from this length on, which takes minutes, once.
    tries: int = 2
    long_length: int = 8192
    pytorch_length: int = 8192
    decode_depths: tuple[int, ...] = (0, 8192)
    # Settings are tried after at most so many positions; the best few then after all of them.
    trial_depth: int = 2048
    new_tokens: int = 64
    batch_size: int = 8
    batch_depth: int = 512
    pipeline_length: int = 8192


QUICK = Sizes(
    prefill_lengths=(64, 128), tries=1, long_length=128, pytorch_length=128, decode_depths=(0, 128),
    trial_depth=64, new_tokens=8, batch_size=2, batch_depth=64, pipeline_length=256)
