"""What is compared: each section yields rows of the table."""

import itertools
from collections.abc import Iterator
from dataclasses import replace

from .comparison import Bench, Row, ranked
from .llama import AVX2, Llama, Setting
from .penstock import Penstock, setting
from .pytorch import PyTorch

FLASH_ATTENTION = ("-fa 0", "-fa 1")
PHYSICAL_BATCH = ("-ub 512", "-ub 2048")
# With several requests, the cache is one for all of them or one for each.
UNIFIED_CACHE = ("-kvu", "-no-kvu")
FINALISTS = 3


def prefill(bench: Bench) -> Iterator[Row]:
    return prefills(bench, Llama(bench.root, bench.model, bench.threads))


def prefills(bench: Bench, llama: Llama) -> Iterator[Row]:
    """All of llama.cpp's weight types at the shortest length, the best of them beyond."""
    candidates = llama.settings(FLASH_ATTENTION, PHYSICAL_BATCH)
    for length in bench.sizes.prefill_lengths:
        work = f"prefill {length}"
        is_long = length >= bench.sizes.long_length
        order = ranked(
            work, candidates, lambda candidate: llama.prefill(length, candidate),
            tries=1 if is_long else bench.sizes.tries)
        best = order[0]
        yield bench.compare(
            work, setting(1, bench.threads), lambda: bench.penstock.prefill(length),
            str(best), lambda: llama.prefill(length, best))
        candidates = order[:2] if is_long else of_same_weights(order)


def of_same_weights(order: list[Setting]) -> list[Setting]:
    return [candidate for candidate in order if candidate.weights == order[0].weights]


def pytorch(bench: Bench) -> Iterator[Row]:
    peer = PyTorch(bench.root, bench.model, bench.threads)
    length = bench.sizes.pytorch_length
    yield bench.compare(
        f"prefill {length}", setting(1, bench.threads), lambda: bench.penstock.prefill(length),
        peer.name, lambda: peer.prefill(length))


def decode(bench: Bench) -> Iterator[Row]:
    return decodes(bench, Llama(bench.root, bench.model, bench.threads))


def decodes(bench: Bench, llama: Llama) -> Iterator[Row]:
    new_tokens = bench.sizes.new_tokens
    for depth in bench.sizes.decode_depths:
        work = f"decode after {depth}"
        trial_depth = min(depth, bench.sizes.trial_depth)
        order = ranked(
            f"decode after {trial_depth}", llama.settings(FLASH_ATTENTION),
            lambda candidate: llama.decode(trial_depth, new_tokens, candidate),
            bench.sizes.tries)
        if trial_depth < depth:
            order = ranked(
                work, order[:FINALISTS],
                lambda candidate: llama.decode(depth, new_tokens, candidate))
        best = order[0]
        yield bench.compare(
            work, setting(1, bench.threads), lambda: bench.penstock.decode(depth, new_tokens),
            str(best), lambda: llama.decode(depth, new_tokens, best))


def batch(bench: Bench) -> Iterator[Row]:
    llama = Llama(bench.root, bench.model, bench.threads)
    sizes = bench.sizes
    amount = (sizes.batch_depth, sizes.new_tokens, sizes.batch_size)
    work = f"{sizes.batch_size} × decode after {sizes.batch_depth}"
    best = ranked(
        work, llama.settings(("-fa off", "-fa on"), UNIFIED_CACHE),
        lambda candidate: llama.batch(*amount, candidate), sizes.tries)[0]
    yield bench.compare(
        work, setting(1, bench.threads), lambda: bench.penstock.decode(*amount), str(best),
        lambda: llama.batch(*amount, best))


def avx2(bench: Bench) -> Iterator[Row]:
    """Both sides held to AVX2."""
    llama = Llama(bench.root, bench.model, bench.threads, AVX2)
    own = bench.penstock
    held = replace(bench, penstock=Penstock(own.program, own.model, own.threads, "avx2"))
    for row in itertools.chain(prefills(held, llama), decodes(held, llama)):
        yield replace(row, work=f"{row.work}, AVX2")


def pipeline(bench: Bench) -> Iterator[Row]:
    """One core a stage against one core; then both cores either way."""
    length, many = bench.sizes.pipeline_length, bench.sizes.batch_size
    for requests, stages, threads in [(1, 1, 1), (many, 1, 1), (1, 1, 2)]:
        yield bench.compare(
            f"prefill {length}" if requests == 1 else f"{requests} × prefill {length}",
            setting(2, 1), lambda: bench.penstock.prefill(length, 2, 1, requests),
            f"Penstock, {setting(stages, threads)}",
            lambda: bench.penstock.prefill(length, stages, threads, requests).rate)


SECTIONS = {
    "prefill": prefill, "pytorch": pytorch, "decode": decode, "batch": batch,
    "avx2": avx2, "pipeline": pipeline,
}
