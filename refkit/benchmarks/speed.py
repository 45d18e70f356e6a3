"""`benchmark.py compare`: how long compare takes, as a ratio to the least that any process has to do."""

import dataclasses
import statistics
import tempfile
from pathlib import Path

from refkit.benchmarks.floor_processes import DEEP_FLOOR, FLOOR, deep_program
from refkit.benchmarks.processes import Cost, run_python
from refkit.subjects import SUBJECTS

ROOT = Path(__file__).parents[2]
COMPARE = ["-m", "refkit", "compare"]
STEPS_A_BLOCK = 5  # product, sum, tanh, scaling, sum


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of the table: medians over the repeats, each pair run one after the other."""

    name: str
    cache: str
    seconds: float
    floor: float
    ratio: float
    spread: tuple[float, float]
    memory: float


def measure_references(repeats: int) -> list[Row]:
    """`compare --until gradients` on each reference's own file, beside the floor, caches empty and filled."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        floor = Path(folder) / "floor.py"
        floor.write_text(FLOOR)
        for subject in SUBJECTS:
            program = str(ROOT / "refkit" / "references" / f"{subject.name}.py")
            least = [str(floor), program, subject.model, subject.name]
            ours = [*COMPARE, f"{program}:{subject.model}", "--reference", subject.name, "--until", "gradients"]
            rows.append(row(subject.name, "empty", least, ours, repeats, folder, (0,)))
            rows.append(row(subject.name, "filled", least, ours, repeats, folder, (0,)))
    return rows


def measure_deep(depths: tuple[int, ...], repeats: int) -> list[Row]:
    """A residual network against itself with one bug planted in its middle."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        floor = Path(folder) / "floor.py"
        floor.write_text(DEEP_FLOOR)
        for depth in depths:
            trusted, mine = Path(folder) / f"deep{depth}.py", Path(folder) / f"mine{depth}.py"
            trusted.write_text(deep_program(depth, False))
            mine.write_text(deep_program(depth, True))
            ours = [*COMPARE, str(mine), "--reference", str(trusted), "--until", "forward"]
            steps = depth * STEPS_A_BLOCK
            rows.append(row(f"deep, {steps} steps", "empty", [str(floor), str(mine)], ours, repeats, folder, (1,)))
    return rows


def row(name: str, cache: str, floor: list[str], ours: list[str], repeats: int, folder: str, accepted) -> Row:
    """Both commands in turn; with a filled cache each has run once before."""
    pairs: list[tuple[Cost, Cost]] = []
    kept = tempfile.mkdtemp(dir=folder)
    if cache == "filled":
        run_python(floor, kept), run_python(ours, kept, accepted)
    for _ in range(repeats):
        caches = [kept, kept] if cache == "filled" else [tempfile.mkdtemp(dir=folder), tempfile.mkdtemp(dir=folder)]
        pairs.append((run_python(floor, caches[0]), run_python(ours, caches[1], accepted)))
    ratios = sorted(mine.seconds / least.seconds for least, mine in pairs)
    return Row(
        name,
        cache,
        statistics.median(mine.seconds for _, mine in pairs),
        statistics.median(least.seconds for least, _ in pairs),
        statistics.median(ratios),
        (ratios[0], ratios[-1]),
        statistics.median(mine.megabytes / least.megabytes for least, mine in pairs),
    )


def table(rows: list[Row]) -> str:
    lines = [f"{'':20}{'cache':8}{'compare':>9}{'floor':>9}{'ratio':>7}{'min':>6}{'max':>6}{'memory':>8}"]
    lines += [
        f"{r.name:20}{r.cache:8}{r.seconds:>7.1f} s{r.floor:>7.1f} s{r.ratio:>7.2f}{r.spread[0]:>6.2f}{r.spread[1]:>6.2f}"
        f"{r.memory:>8.2f}"
        for r in rows
    ]
    return "\n".join(lines)
