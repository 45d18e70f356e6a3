"""`benchmark.py limits`: seconds of whole commands beside the time that each may take on two cores."""

import dataclasses
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from refkit.benchmarks.processes import run_python
from refkit.benchmarks.speed import COMPARE
from refkit.edits.catalogue import bugs_for, edited_source
from refkit.subjects import SUBJECTS

PLANTED = {"lstm": "gates-swapped"}  # and in the others:
ELSE = "missing-activation"
WAYS = {"--quick": (["--quick"], 15), "to overfit": (["--until", "overfit"], 60)}  # arguments, seconds


@dataclasses.dataclass(frozen=True)
class Row:
    """One program, compared in one way: medians over the repeats.

    Args:
        empty, filled: seconds with JAX's compilation cache empty, and filled.
        limit: seconds.
    """

    program: str
    way: str
    empty: float
    filled: float
    limit: int

    @property
    def within(self) -> bool:
        return max(self.empty, self.filled) <= self.limit


def measure(repeats: int) -> Iterator[Row]:
    """Each reference's own file, and its file with a bug in the model."""
    with tempfile.TemporaryDirectory() as folder:
        for subject in SUBJECTS:
            for kind, text in (("right", edited_source(subject.name, {})), ("with a bug", with_bug(subject.name))):
                program = Path(folder) / f"{subject.name}.py"
                program.write_text(text, encoding="utf-8")
                for way, (arguments, limit) in WAYS.items():
                    command = [*COMPARE, f"{program}:{subject.model}", "--reference", subject.name, *arguments]
                    empty = [seconds(command, tempfile.mkdtemp(dir=folder)) for _ in range(repeats)]
                    kept = tempfile.mkdtemp(dir=folder)
                    seconds(command, kept)
                    filled = [seconds(command, kept) for _ in range(repeats)]
                    name = f"{subject.name}, {kind}"
                    yield Row(name, way, statistics.median(empty), statistics.median(filled), limit)


def with_bug(reference: str) -> str:
    wanted = PLANTED.get(reference, ELSE)
    edit = next(edit for bug, edit in bugs_for(reference) if bug.id == wanted and not edit.options)
    return edited_source(reference, {}, (edit,))


def seconds(command: list[str], cache: str) -> float:
    return run_python(command, cache, (0, 1)).seconds


def line(row: Row) -> str:
    told = "within" if row.within else "OVER"
    return f"{row.program:26}{row.way:12}{row.empty:>7.1f} s{row.filled:>7.1f} s{row.limit:>6} s  {told}"


HEAD = f"{'':38}{'empty':>9}{'filled':>9}{'limit':>8}"
