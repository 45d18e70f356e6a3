"""The output that README shows, and what the command prints: `make readme` puts the second in the first's place."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
START, END = "<!-- output:compare -->\n", "<!-- /output:compare -->\n"


def shown() -> str:
    """What README shows as the output of `make compare`."""
    block = README.read_text(encoding="utf-8").split(START)[1].split(END)[0]
    return block.removeprefix("```text\n").removesuffix("```\n")


def produced() -> str:
    """What `make compare` prints on standard output."""
    command = [sys.executable, "scripts/compare.py", "examples/my_lenet.py", "--reference", "lenet"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    if result.returncode != 1:
        raise RuntimeError(f"`make compare` has shown no finding: status {result.returncode}: {result.stderr}")
    return result.stdout


def write() -> None:
    """Put the output of `make compare` into README."""
    before, rest = README.read_text(encoding="utf-8").split(START)
    after = rest.split(END)[1]
    README.write_text(f"{before}{START}```text\n{produced()}```\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    write()
