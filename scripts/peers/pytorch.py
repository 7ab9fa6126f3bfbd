"""Transformers with PyTorch, on the same file, dequantised to bf16."""

import json
from pathlib import Path

from .processes import ensure_environment, run

PACKAGES = {"torch": "2.15.0", "transformers": "5.23.0", "accelerate": "1.15.0", "gguf": "0.19.0"}


class PyTorch:
    name = "PyTorch 2.15, bf16, SDPA"

    def __init__(self, root: Path, model: Path, threads: int):
        environment = root / ".venv-torch"
        ensure_environment(environment, PACKAGES, "some GB to download")
        self.python = environment / "bin/python"
        self.model = model
        self.threads = threads

    def prefill(self, length: int) -> float:
        """Tokens per second of one prompt."""
        script = Path(__file__).with_name("pytorch_prefill.py")
        return json.loads(run([self.python, script, self.model, length, self.threads]))
