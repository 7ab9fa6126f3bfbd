"""Other programs, and what is told while they run."""

import os
import subprocess
import sys
import time
from pathlib import Path


def progress(text: str) -> None:
    print(time.strftime("%H:%M:%S"), text, file=sys.stderr, flush=True)


def run(command: list, **environment) -> str:
    """The standard output of a program; ends the script with its errors if it fails."""
    words = [str(word) for word in command]
    result = subprocess.run(
        words, capture_output=True, text=True,
        env=os.environ | {name: str(value) for name, value in environment.items()})
    if result.returncode != 0:
        sys.exit(f"{' '.join(words)}\nfailed with status {result.returncode}:\n{result.stderr[-2000:]}")
    return result.stdout


def ensure_environment(folder: Path, packages: dict[str, str], note: str, **environment) -> Path:
    """A Python environment with these versions of packages from PyPI, made where it is missing.

    Returns the folder of its packages.
    """
    def is_complete() -> bool:
        return all(
            list(folder.glob(f"lib/*/site-packages/{name.replace('-', '_')}-{version}*.dist-info"))
            for name, version in packages.items())

    if not is_complete():
        progress(f"Installing {', '.join(packages)} into {folder.name}: {note}")
        run([sys.executable, "-m", "venv", folder])
        requirements = [f"{name}=={version}" for name, version in packages.items()]
        run([folder / "bin/pip", "install", "--quiet", "--disable-pip-version-check", *requirements],
            **environment)
    [site] = folder.glob("lib/*/site-packages")
    return site
