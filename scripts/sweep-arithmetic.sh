#!/usr/bin/env bash
# Runs the test of "one arithmetic" with every combination of pipeline size, chunk size and
# asynchronous depth and every prompt, which takes two hours on two cores for all instruction sets;
# `make test` runs a choice of them.
#
#   scripts/sweep-arithmetic.sh [best] [avx512] [avx2] [scalar]
set -euo pipefail
cd "$(dirname "$0")/.."

paths=${*:-best avx512 avx2 scalar}
PENSTOCK_TEST_SWEEP=$paths make test ARGS="--filter OneArithmeticTests"
