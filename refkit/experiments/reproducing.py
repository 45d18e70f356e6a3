"""Known results, made: the seeds that are missing are run, and the results data is written anew after each."""

import dataclasses
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol as Interface

import numpy as np

from baselines.floors import find_floors
from refkit.experiments import machine
from refkit.experiments.blocks import blocks, run_block
from refkit.experiments.protocol import Examples, Protocol
from refkit.experiments.seed_files import SeedFiles
from refkit.experiments.training import evaluated_epochs, run_seed
from refkit.experiments.widths import find_width, kept_width
from refkit.experiments.workers import run_seeds
from refkit.results import store
from refkit.results.record import Made, Result, Run
from refkit.results.statistics import prediction_interval

CHECKED = 0.99  # level of the interval in which a seed that is run again has to lie


class Watcher(Interface):
    """What is told of the progress."""

    def begin(self, seeds: list[int], had: int) -> None:
        """These seeds will be run; so many are there."""

    def went_on(self, seed: int, share: float) -> None:
        """So much of a seed is done."""

    def ended(self, seed: int, run: Run | None) -> None:
        """A seed is finished; None where another process has it."""


def wanted_seeds(protocol: Protocol, count: int | None) -> list[int]:
    count = protocol.seeds if count is None else count
    return list(range(count if protocol.only is None else min(count, protocol.only)))


def reproduce(
    protocol: Protocol,
    seeds: Iterable[int],
    watcher: Watcher,
    runs: Path | None = None,
    results: Path = store.FOLDER,
    run: Callable[..., Run] = run_seed,
    workers: int | None = None,
) -> Result:
    """Run the seeds that are missing, and keep each as soon as it is finished.

    Args:
        seeds: that the result is to have.
        watcher: is told.
        runs: folder of the finished seeds.
        results: folder of the results data.
        run: does one seed, here.
        workers: processes that train at once, each on one core, so that their number changes no figure; None trains
            here.

    Returns:
        The result with all seeds that there are now.

    Raises:
        OSError: something cannot be written; what was finished before is kept.
        RefkitError: the data is not there.
    """
    files = SeedFiles(protocol, runs)
    known = store.load(protocol.reference, results).get(protocol.data)
    had = dict(known.runs) if known is not None and known.made.protocol == protocol.fingerprint else {}
    had |= files.read()
    seeds = list(seeds)
    missing = [seed for seed in seeds if seed not in had]
    watcher.begin(missing, len(seeds) - len(missing))
    floors = known.baselines if known is not None and not missing else None
    if floors is None:
        floors = floors_of(protocol)
    result = keep(protocol, had, floors, results) if had else None
    if workers is None:
        width = kept_width(files, len(missing)) or find_width(protocol, files)
        for block in blocks(missing, width):
            done = run_block(protocol, files, block, width, watcher.went_on, run)
            result = keep(protocol, files.read(), floors, results) if done else result
            for seed in block:
                watcher.ended(seed, done.get(seed))
        return result
    for seed, news in run_seeds(protocol.reference, protocol.data, missing, runs, workers) if missing else ():
        if not isinstance(news, bool):
            watcher.went_on(seed, news)
            continue
        result = keep(protocol, files.read(), floors, results)
        watcher.ended(seed, files.read().get(seed))
    return result


def keep(protocol: Protocol, runs: dict[int, Run], floors: dict[str, float], folder: Path) -> Result | None:
    """Put the runs beside those that the results data has of this protocol; the others' are left as they are."""
    kept: list[Result] = []

    def edit(results: dict[str, Result]) -> None:
        known = results.get(protocol.data)
        before = known.runs if known is not None and known.made.protocol == protocol.fingerprint else {}
        every = dict(sorted({**before, **runs}.items()))
        if not every:
            return
        made = made_now(protocol, len(every)) if set(every) != set(before) else known.made
        results[protocol.data] = described(protocol, every, floors, made)
        kept.append(results[protocol.data])

    store.change(protocol.reference, edit, folder)
    return kept[0] if kept else None


def described(protocol: Protocol, runs: dict[int, Run], floors: dict[str, float], made: Made) -> Result:
    if protocol.until_solved is not None:
        longest = max(len(run.curve) for run in runs.values())
        evaluated = ("sequences", tuple(float(protocol.until_solved.block * k) for k in range(longest)))
    else:
        evaluated = ("epochs", tuple(float(epoch) for epoch in evaluated_epochs(protocol)))
    return Result(
        protocol.reference,
        protocol.data,
        protocol.task,
        protocol.metric,
        evaluated,
        runs,
        floors,
        protocol.published,
        made,
        protocol.note,
    )


def made_now(protocol: Protocol, seeds: int) -> Made:
    command = f"python scripts/reproduce.py {protocol.reference} --data {protocol.data} --seeds {seeds}"
    return Made(command, protocol.fingerprint, machine.commit(), machine.versions(), machine.device())


def floors_of(protocol: Protocol) -> dict[str, float]:
    """What the baselines reach: the mean over the splits where each seed is one, else on the one there is."""
    if protocol.floor_score is None:
        return {}
    splits = range(protocol.only or 1)
    found = [floors_on(protocol, protocol.examples(seed)) for seed in splits]
    return {name: float(np.mean([floors[name] for floors in found])) for name in found[0]}


def floors_on(protocol: Protocol, examples: Examples) -> dict[str, float]:
    if examples.floors is not None:
        train, test = examples.floors
    else:
        train, test = ((part[:-1], part[-1]) for part in (examples.train, examples.test))
    score = protocol.floor_score
    return find_floors(train, test, lambda predictions, targets: score(predictions, targets) * examples.scale)


@dataclasses.dataclass(frozen=True)
class Checked:
    """One seed that was run again.

    Args:
        seed: which.
        value: that it reached now.
        low, high: where it had to lie.
    """

    seed: int
    value: float
    low: float
    high: float

    @property
    def inside(self) -> bool:
        return bool(self.low <= self.value <= self.high)


def check(protocol: Protocol, known: Result, watcher: Watcher, run: Callable[..., Run] = run_seed) -> Checked:
    """Run the first seed again, and see whether it lies where one more run of the known ones should."""
    seed = min(known.runs)
    watcher.begin([seed], 0)
    done = run(protocol, seed, lambda share: watcher.went_on(seed, share))
    watcher.ended(seed, done)
    low, high = prediction_interval(known.values, CHECKED)
    slack = 1e-6 * max(abs(low), abs(high)) if np.isfinite(low) else 0.0  # the figures are kept to six digits
    return Checked(seed, done.value, low - slack, high + slack)
