"""Penstock's own measurements."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from .processes import run


@dataclass
class Sample:
    """Tokens per second, and for how many seconds a client waits: for the first token, or the next."""
    rate: float
    latency: float


class Penstock:
    def __init__(
        self, program: Path, model: Path, threads: int, instruction_set: str | None = None
    ):
        if not program.exists():
            sys.exit("Penstock is not built: please run `make build` first")
        self.program = program
        self.model = model
        self.threads = threads
        self.instruction_set = instruction_set

    def prefill(
        self, length: int, stages: int = 1, threads: int | None = None, requests: int = 1
    ) -> Sample:
        row = self.bench(
            "prefill", stages, threads, "--prompt-lengths", length, "--requests", requests)
        return Sample(row["tokensPerSecond"], row["ttftSeconds"])

    def decode(self, depth: int, new_tokens: int, batch_size: int = 1) -> Sample:
        row = self.bench(
            "decode", 1, None, "--depths", depth, "--batch-sizes", batch_size,
            "--new-tokens", new_tokens)
        return Sample(row["tokensPerSecond"], row["itlMilliseconds"] / 1000)

    def bench(self, what: str, stages: int, threads: int | None, *options) -> dict:
        """The row that `penstock bench` prints."""
        forced = ["--isa", self.instruction_set] if self.instruction_set else []
        output = run([
            self.program, "bench", what, self.model, "--threads", threads or self.threads,
            "--pp-sizes", stages, "--repetitions", 1, "--json", *forced, *options])
        return json.loads(output)[0]


def setting(stages: int, threads: int) -> str:
    return (f"{stages} stage{'s' if stages > 1 else ''}"
            f" × {threads} thread{'s' if threads > 1 else ''}")
