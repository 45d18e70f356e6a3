"""The tutorial's commands, run in the order of the page: `make readme` puts what they print and draw into it."""

import dataclasses
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from refkit import process
from tests.project.pages import ROOT, write

PAGE = ROOT / "examples" / "tutorial" / "README.md"
PROGRAM = PAGE.with_name("digits.py")
STEP = re.compile(r"^```(\w+)\n(.*?)^```\n(?:\n<!-- output:([\w-]+) -->\n)?", re.DOTALL | re.MULTILINE)
PICTURE = re.compile(r"!\[[^\]]*\]\(([^)]+)\)")
OURS = f'set -e -o pipefail; python() {{ "{sys.executable}" "$@"; }}; refkit() {{ python -m refkit "$@"; }}\n'
FOUND = 1  # the status of a compare that has found something


@dataclasses.dataclass(frozen=True)
class Step:
    """One block of the page that is run.

    Args:
        kind: `sh`, `python`, or `diff` for an edit.
        text: of the block.
        output: the name of the block that shows what it prints; empty where none does.
    """

    kind: str
    text: str
    output: str


def steps(page: str) -> list[Step]:
    return [Step(kind, text, output) for kind, text, output in STEP.findall(page) if kind in RUN]


def run_shell(text: str, folder: Path) -> str:
    return call(["bash", "-c", OURS + text], folder, statuses=(0, FOUND) if text.startswith("refkit compare") else (0,))


def run_python(text: str, folder: Path) -> str:
    return call([sys.executable, "-c", text], folder)


def apply_edit(text: str, folder: Path) -> str:
    return call(["git", "apply", "-"], folder, text)


RUN = {"sh": run_shell, "python": run_python, "diff": apply_edit}


def call(command: list[str], folder: Path, given: str = "", statuses: tuple[int, ...] = (0,)) -> str:
    """What a command prints on standard output.

    Raises:
        RuntimeError: it ends in another status than these.
    """
    process.prepare()
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=folder, env=environment, input=given, capture_output=True, text=True, timeout=300
    )
    if done.returncode not in statuses:
        raise RuntimeError(f"{command[-1]}\nstatus {done.returncode}: {done.stderr}")
    return done.stdout


def run_in(folder: Path) -> dict[str, str]:
    """Run every step in a folder that has the program alone; what those print whose output the page shows."""
    shutil.copy(PROGRAM, folder)
    printed = {}
    for step in steps(PAGE.read_text(encoding="utf-8")):
        output = RUN[step.kind](step.text, folder)
        if step.output:
            printed[step.output] = output
    return printed


def pictures() -> list[str]:
    """The files of the page's pictures, from its folder."""
    return PICTURE.findall(PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        write(PAGE, run_in(Path(made)))
        for picture in pictures():
            (PAGE.parent / picture).parent.mkdir(exist_ok=True)
            shutil.copy(Path(made) / picture, PAGE.parent / picture)
