#!/usr/bin/env python3
"""Compares chunking policies on paced stages, and paced stages with the simulator.

Paced stages are real processes with real messages and the server's own coordinator; they wait as long as a cost
model says instead of computing. The shape is that of Qwen3-235B-A22B at 128K tokens, 20 times faster. For each
pipeline size the best settings of `fixed` and `dynamic` are searched in the simulator; then the best few run paced, in
turn with `auto`, and medians count. The second table shows a stage that is slowed down in mid-run, the third one that
stays slow and gets fewer layers when the pipeline starts again.

    scripts/bench-paced.py [--repetitions 5] [--json]
"""

import argparse
import json
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SIZES = [512, 768, 1024, 1280, 1536, 1792, 2048, 2304, 2560, 3072, 3584, 4096, 5120, 6144, 8192, 12288, 16384, 20480]
FACTORS = [0.25, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1]
# Of each rival, so many settings run paced.
CANDIDATES = 2


def main() -> None:
    options = parse_options()
    rows = [row for stages in (4, 8) for row in compare(options, stages)]
    slowed = follow_slowdown()
    moved = follow_partition()
    if options.json:
        print(json.dumps({"policies": rows, "slowdown": slowed, "partition": moved}, indent=2))
        return
    print("Paced, 131072 tokens, median TTFT of "
          f"{options.repetitions} runs each\n")
    print("| stages | policy | simulated | paced | difference | paced, all runs |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        samples = " ".join(f"{1000 * sample:.1f}" for sample in row["samples"])
        print(f"| {row['stages']} | `{row['policy']}` | {1000 * row['simulated']:.1f} ms "
              f"| {1000 * row['paced']:.1f} ms | {100 * (row['paced'] / row['simulated'] - 1):+.1f} % | {samples} |")
    print("\nPaced, prompts of 16384 tokens back to back; stage 2 of 4 takes twice as long from 2 s to 6 s\n")
    print("| submitted | TTFT paced | simulated | chunks | first and last chunks |")
    print("|---|---|---|---|---|")
    for row in slowed:
        first = ", ".join(map(str, row["chunks"][:3]))
        last = ", ".join(map(str, row["chunks"][-2:]))
        print(f"| {row['submitted']:.2f} s | {1000 * row['paced']:.0f} ms | {1000 * row['simulated']:.0f} ms "
              f"| {len(row['chunks'])} | {first} … {last} |")
    print("\nPaced, the same prompts; stage 2 of 4 takes twice as long from 2 s on, stage 0 dies after 5 s\n")
    print(f"Layers: {moved['before']} at first, {moved['after']} after the restart\n")
    print("| submitted | TTFT paced |")
    print("|---|---|")
    for submitted, seconds in moved["times"]:
        print(f"| {submitted:.2f} s | {1000 * seconds:.0f} ms |")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def compare(options: argparse.Namespace, stages: int) -> list[dict]:
    scenario = f"qwen3-235b-128k-pp{stages}.yaml"
    fixed = [f"fixed:{size}" for size in SIZES]
    dynamic = [f"dynamic:{size}:{factor}" for size in SIZES for factor in FACTORS]
    policies = ["auto", *best(scenario, fixed), *best(scenario, dynamic)]
    samples = {policy: [] for policy in policies}
    for _ in range(options.repetitions):
        for policy in policies:
            figures = simulate(scenario, "--chunking", policy, "--paced")
            samples[policy].append((ttft(figures["simulated"]), ttft(figures["paced"])))
    return [
        {
            "stages": stages,
            "policy": policy,
            "simulated": runs[0][0],
            "paced": statistics.median(paced for _, paced in runs),
            "samples": [paced for _, paced in runs],
        }
        for policy, runs in samples.items()
    ]


def best(scenario: str, policies: list[str]) -> list[str]:
    """The policies with the shortest simulated times."""
    with ThreadPoolExecutor(2) as pool:
        times = list(pool.map(lambda policy: ttft(simulate(scenario, "--chunking", policy)["simulated"]), policies))
    ranked = sorted(zip(times, policies))
    print(f"searched {len(policies)} settings: {ranked[0]}", file=sys.stderr, flush=True)
    return [policy for _, policy in ranked[:CANDIDATES]]


def follow_slowdown() -> list[dict]:
    figures = simulate("stage-slows.yaml", "--paced")
    return [
        {
            "submitted": paced["submittedSeconds"],
            "paced": paced["timeToFirstTokenSeconds"],
            "simulated": simulated["timeToFirstTokenSeconds"],
            "chunks": paced["chunks"],
        }
        for paced, simulated in zip(figures["paced"]["requests"], figures["simulated"]["requests"])
    ]


def follow_partition() -> dict:
    figures = simulate("partition-follows.yaml", "--paced")
    return {
        "before": figures["layerCounts"],
        "after": figures["paced"]["layerCounts"],
        "times": [
            (request["submittedSeconds"], request["timeToFirstTokenSeconds"])
            for request in figures["paced"]["requests"]
        ],
    }


def ttft(run: dict) -> float:
    """Seconds."""
    return run["timeToFirstTokenSeconds"]["median"]


def simulate(scenario: str, *arguments: str) -> dict:
    command = [ROOT / ".build/release/penstock", "simulate", ROOT / "scenarios" / scenario, "--json", *arguments]
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{result.stderr[-2000:]}")
    return json.loads(result.stdout)


if __name__ == "__main__":
    main()
