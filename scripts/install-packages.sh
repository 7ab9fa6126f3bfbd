#!/usr/bin/env bash
# Installs the Debian packages that Penstock is built with and runs on, where they are absent.
set -euo pipefail

packages=(
    libdnnl-dev     # oneDNN: matrix products
    libopenmpi-dev  # Open MPI: activations between stages
    openmpi-bin     # mpirun
    libpcre2-dev    # PCRE2: pre-tokenizer patterns
    pkgconf         # tells Swift where their headers are
    python3-venv    # the environment of the tests' clients, and the model's download
)

if ! command -v dpkg-query >/dev/null; then
    echo "This is not a Debian system. Please install what these packages hold:" >&2
    printf '  %s\n' "${packages[@]}" >&2
    exit 1
fi

missing=()
for package in "${packages[@]}"; do
    state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "Please install as root: apt-get install ${missing[*]}" >&2
        exit 1
    }
    as_root=(sudo)
fi

echo "Installing ${missing[*]}"
"${as_root[@]}" apt-get update --quiet
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --quiet --no-install-recommends "${missing[@]}"
