#!/usr/bin/env bash
# Makes the Python environment in .venv; with "tests", installs the clients that tests use.
set -euo pipefail
cd "$(dirname "$0")/.."

environment=.venv
requirements=scripts/requirements.txt
installed=$environment/installed-requirements.txt

if [ ! -x $environment/bin/pip ]; then
    echo "Making the Python environment $environment"
    python3 -m venv --clear $environment
fi

if [ "${1:-}" = tests ] && ! cmp --silent $requirements $installed; then
    echo "Installing the clients that tests use"
    $environment/bin/pip install --quiet --disable-pip-version-check --requirement $requirements
    cp $requirements $installed
fi
