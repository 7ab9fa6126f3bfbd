#!/usr/bin/env bash
# Runs the test of "one arithmetic" with every combination of pipeline size, chunk size and
# asynchronous depth, every prompt, on every instruction set, which takes two hours on two cores;
# `make test` runs a choice of them.
set -euo pipefail
cd "$(dirname "$0")/.."

PENSTOCK_TEST_SWEEP=1 make test ARGS="--filter OneArithmeticTests"
