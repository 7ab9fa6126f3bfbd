#!/usr/bin/env python3
"""Compares the policy `auto` with fixed chunk sizes: two stages, one core each, no setting.

All policies in turn, several times over, medians; the ratio is the best fixed size's time to the first
token over auto's.

    scripts/bench-chunks.py [--repetitions 3] [--json]
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    options = parse_options()
    times: dict[tuple[int, str], list[float]] = {}
    for repetition in range(options.repetitions):
        for policy in options.policies:
            for row in measure(options, policy):
                times.setdefault((row["promptTokens"], policy), []).append(row["ttftSeconds"])
            print(f"{policy}: {repetition + 1} of {options.repetitions}", file=sys.stderr)
    report = [summary(times, length, options.policies) for length in options.prompt_lengths]
    if options.json:
        print(json.dumps(report, indent=2))
        return
    print("| prompt | " + " | ".join(options.policies) + " | best fixed : auto |")
    print("|---" * (len(options.policies) + 2) + "|")
    for row in report:
        cells = [f"{row['ttftSeconds'][policy]:.2f} s" for policy in options.policies]
        print(f"| {row['promptTokens']} | " + " | ".join(cells) + f" | {row['ratio']:.3f} |")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--model", type=Path, default=ROOT / "models/SmolLM2-135M-Instruct.Q4_1.gguf")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument(
        "--prompt-lengths", default=[8192, 16384],
        type=lambda text: [int(length) for length in text.split(",")])
    parser.add_argument(
        "--policies", default=["auto", "256", "512", "1024", "2048"],
        type=lambda text: text.split(","))
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def measure(options: argparse.Namespace, policy: str) -> list[dict]:
    lengths = ",".join(map(str, options.prompt_lengths))
    output = subprocess.run(
        [ROOT / ".build/release/penstock", "bench", "prefill", options.model, "--json",
         "--prompt-lengths", lengths, "--pp-sizes", "2", "--threads", "1",
         "--chunk-sizes", policy, "--repetitions", "1"],
        check=True, stdout=subprocess.PIPE).stdout
    return json.loads(output)


def summary(times: dict, length: int, policies: list[str]) -> dict:
    medians = {policy: statistics.median(times[length, policy]) for policy in policies}
    best = min(median for policy, median in medians.items() if policy != "auto")
    return {"promptTokens": length, "ttftSeconds": medians, "ratio": best / medians["auto"]}


if __name__ == "__main__":
    main()
