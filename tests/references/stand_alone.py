"""A reference as its users have it: one file, copied somewhere else and run."""

import dataclasses
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "refkit" / "references"
NAMES = ("mlp", "lenet", "lstm", "multimodal")


@dataclasses.dataclass(frozen=True)
class Run:
    """What one run has printed."""

    output: str

    def number(self, pattern: str) -> float:
        """The number that ends the line starting with `pattern`."""
        return float(re.search(rf"^{pattern}[^\n]*: ([\d.]+)$", self.output, re.MULTILINE)[1])

    @property
    def score(self) -> float:
        """Share told right."""
        if "share wrong" in self.output:
            return 1 - self.number("share wrong")
        return self.number("accuracy")

    @property
    def floor(self) -> float:
        """Share told right by the baseline that the file itself names."""
        floor = self.number("baseline")
        return 1 - floor if "share wrong" in self.output else floor


def run_alone(name: str, folder: Path, *arguments: str, **environment: str) -> Run:
    """Copy the reference into an empty folder and run it there, where no refkit can be imported."""
    shutil.copy(FOLDER / f"{name}.py", folder)
    variables = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-I", f"{name}.py", *arguments],
        check=False,
        cwd=folder,
        env=variables | {"JAX_PLATFORMS": "cpu"} | environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return Run(done.stdout)
