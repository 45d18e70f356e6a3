"""The output that README shows, and what the command prints: `make readme` puts the second in the first's place."""

import subprocess
import sys

from tests.project.pages import ROOT, write

README = ROOT / "README.md"
NAME = "compare"


def produced() -> str:
    """What `make compare` prints on standard output."""
    command = [sys.executable, "scripts/compare.py", "examples/my_lenet.py", "--reference", "lenet"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    if result.returncode != 1:
        raise RuntimeError(f"`make compare` has shown no finding: status {result.returncode}: {result.stderr}")
    return result.stdout


if __name__ == "__main__":
    write(README, {NAME: produced()})
