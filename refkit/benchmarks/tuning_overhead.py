"""`benchmark.py tune`: what a search takes beside its trials, as a share of what the trials take."""

import contextlib
import dataclasses
import multiprocessing
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from refkit.tuning import showing
from refkit.tuning.methods import METHODS
from refkit.tuning.reference_trials import reference_subject
from refkit.tuning.search import Plan, Search
from refkit.tuning.storages import open_file
from refkit.tuning.studies import finished, open_study


@dataclasses.dataclass(frozen=True)
class Overhead:
    """One search.

    Args:
        method: one of METHODS.
        trials: finished ones.
        training: seconds in the trials, compilation among them, without what they report on the way.
        beside: seconds from before the study was opened to after the last trial, less those.
        report: seconds that the report took, sensitivity among them.
    """

    method: str
    trials: int
    training: float
    beside: float
    report: float

    @property
    def share(self) -> float:
        return self.beside / self.training


def measure(reference: str, trials: int, epochs: int | None = None) -> Iterator[Overhead]:
    """Every method on a reference and its offline data, in a process of its own as `tune.py` is, and in a study on disk.

    What the storage imports on first use is imported before, as JAX is.
    """
    for method in METHODS:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as apart:
            yield apart.submit(measured_apart, reference, method, trials, epochs).result()


def measured_apart(reference: str, method: str, trials: int, epochs: int | None) -> Overhead:
    subject = reference_subject(reference, epochs=epochs)
    with tempfile.TemporaryDirectory() as folder:
        open_file(Path(folder) / "first.db")
        return measured(subject, method, trials, Path(folder) / f"{method}.db")


def measured(subject, method: str, trials: int, file: Path) -> Overhead:
    trials_s: list[float] = []
    reports_s: list[float] = []

    def timed(values, report):
        def told(value, step):
            with timing(reports_s):
                report(value, step)

        with timing(trials_s):
            return subject.run(values, told)

    began = time.perf_counter()
    study, _ = open_study(subject, open_file(file), subject.name, str(file))
    Search(study, dataclasses.replace(subject, run=timed), Plan(method, trials)).run()
    whole = time.perf_counter() - began
    began = time.perf_counter()
    showing.in_words(study, subject, trials)
    report = time.perf_counter() - began
    training = sum(trials_s) - sum(reports_s)
    return Overhead(method, len(finished(study)), training, whole - training, report)


@contextlib.contextmanager
def timing(seconds: list[float]) -> Iterator[None]:
    """Adds how long something takes."""
    began = time.perf_counter()
    try:
        yield
    finally:
        seconds.append(time.perf_counter() - began)


def table(rows: Iterable[Overhead]) -> str:
    lines = [f"{'':16}{'trials':>8}{'training':>10}{'beside':>10}{'share':>8}{'report':>9}"]
    lines += [
        f"{row.method:16}{row.trials:>8}{row.training:>8.1f} s{row.beside:>8.2f} s{row.share:>8.1%}{row.report:>7.2f} s"
        for row in rows
    ]
    return "\n".join(lines)
