#!/usr/bin/env python3
"""Many streaming chats at once, for minutes, some of whose clients hang up in the middle.

Starts a server, keeps so many chats running with random lengths and disconnects, then checks that
every stream ended with a finish reason or was closed by its client, that every KV page outside the
prefix cache is free again, and that resident memory has stayed flat. Prints what it saw, and a seed
that draws the same chats again. Run it with the tests' Python, `.venv/bin/python scripts/soak.py`.
"""

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path

import openai

ROOT = Path(__file__).resolve().parent.parent
WORDS = "river stone ledger harbour quiet lantern orbit velvet copper meadow signal anchor".split()


def main() -> None:
    options = parse_options()
    server = subprocess.Popen(
        [ROOT / ".build/release/penstock", "serve", "--model-path", options.model,
         "--pp-size", str(options.pp_size), "--port", "0", "--log-level", "warning",
         "--max-total-tokens", str(options.max_total_tokens)],
        stdout=subprocess.PIPE, text=True)
    try:
        url = server.stdout.readline().strip().rpartition(" at ")[2]
        if not url:
            sys.exit("the server did not start")
        failures = asyncio.run(soak(url, server.pid, options))
    finally:
        server.terminate()
        server.wait()
    for failure in failures:
        print("FAILED:", failure)
    sys.exit(1 if failures else 0)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--chats", type=int, default=32, help="chats at a time")
    parser.add_argument("--pp-size", type=int, default=2)
    parser.add_argument("--max-total-tokens", type=int, default=32768)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--model", default=ROOT / "models/SmolLM2-135M-Instruct.Q4_1.gguf")
    return parser.parse_args()


async def soak(url: str, pid: int, options: argparse.Namespace) -> list[str]:
    print(f"seed {options.seed}: {options.chats} chats at a time for {options.seconds:.0f} s")
    endings: Counter[str] = Counter()
    memory: list[tuple[float, int]] = []
    began = time.monotonic()
    async with openai.AsyncOpenAI(
        base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=120
    ) as client:

        async def keep_chatting(number: int) -> None:
            draw = random.Random(f"{options.seed} {number}")
            while time.monotonic() - began < options.seconds:
                endings[await chat(client, draw)] += 1

        async def watch_memory() -> None:
            while True:
                await asyncio.sleep(2)
                memory.append((time.monotonic() - began, resident_bytes(pid)))

        watch = asyncio.create_task(watch_memory())
        await asyncio.gather(*(keep_chatting(number) for number in range(options.chats)))
        watch.cancel()
    return report(endings, memory, cache_at_rest(url), options.seconds)


async def chat(client: openai.AsyncOpenAI, draw: random.Random) -> str:
    """Streams one chat; returns how it ended."""
    words = int(2 ** draw.uniform(0, 10.5))
    question = " ".join(draw.choices(WORDS, k=words))
    patience = draw.uniform(0, 4) if draw.random() < 0.4 else None
    reason = None
    try:
        async with asyncio.timeout(patience):
            stream = await client.chat.completions.create(
                model="default", messages=[{"role": "user", "content": question}],
                max_tokens=int(2 ** draw.uniform(0, 7)), temperature=draw.choice([0, 1]),
                seed=draw.randrange(1000), stream=True)
            async with stream:
                async for event in stream:
                    for choice in event.choices:
                        reason = choice.finish_reason or reason
        return f"finished: {reason}" if reason else "ended without a reason"
    except TimeoutError:
        return "closed by its client"
    except openai.OpenAIError as error:
        return f"{type(error).__name__}: {error}"


def cache_at_rest(url: str) -> dict[str, int]:
    """What the server says of its KV cache, once the last request is over."""
    for _ in range(50):
        with urllib.request.urlopen(f"{url}/server_info") as answer:
            state = json.load(answer)["internal_states"][0]
        if state["num_used_tokens"] == 0:
            break
        time.sleep(0.1)
    return {name: state[name] for name in sorted(state) if isinstance(state[name], int)}


def resident_bytes(root: int) -> int:
    """The resident memory of a process and all below it; what they share counts once."""
    total, pending = 0, [root]
    while pending:
        pid = pending.pop()
        try:
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) << 10
            for task in Path(f"/proc/{pid}/task").iterdir():
                pending += map(int, (task / "children").read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def report(
    endings: Counter[str], memory: list[tuple[float, int]], state: dict[str, int], seconds: float
) -> list[str]:
    """Prints the figures; returns what is wrong with them."""
    print(f"{sum(endings.values())} chats:")
    for ending, count in endings.most_common():
        print(f"  {count:6} {ending}")
    print("KV cache at rest:", ", ".join(f"{name} {value}" for name, value in state.items()))
    # The first third fills the KV cache, page by page.
    middle = [size for at, size in memory if seconds / 3 < at <= seconds * 2 / 3]
    last = [size for at, size in memory if at > seconds * 2 / 3]
    before, after = statistics.median(middle), statistics.median(last)
    growth = (after - before) / before
    print(f"resident memory, all processes: {before / 2**20:.0f} MiB in the middle third, "
          f"{after / 2**20:.0f} MiB in the last ({growth:+.2%})")
    failures = [
        ending for ending in endings
        if not ending.startswith("finished: ") and ending != "closed by its client"
    ]
    if state["num_used_tokens"] != 0:
        failures.append(f"{state['num_used_tokens']} tokens of KV cache are still in use")
    if growth > 0.02:
        failures.append(f"resident memory grew by {growth:.2%}")
    return failures


if __name__ == "__main__":
    main()
