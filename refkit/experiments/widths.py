"""How many seeds are trained side by side: one, or a block, whichever was faster when it was tried on this device."""

import itertools
import json
import time
from collections.abc import Callable
from typing import Any

from refkit.experiments.blocks import whole
from refkit.experiments.protocol import Protocol
from refkit.experiments.seed_files import SeedFiles
from refkit.experiments.together import fit_together, side_by_side, stacked
from refkit.experiments.training import epochs_of, reference_learner
from refkit.results.store import write_whole
from refkit.subjects.learner import CHUNK

NAME = "width.json"
WIDTH = 8  # seeds of a block
GAIN = 1.1  # times as fast a seed that a block has to be
ROUNDS = 3  # after one that compiles


def kept_width(files: SeedFiles, missing: int) -> int | None:
    """The width that was found before, which the seeds there depend on; None where one has to be found.

    Args:
        missing: seeds that are to be trained; fewer than a block are trained one by one.
    """
    file = files.folder / NAME
    if file.exists():
        return int(json.loads(file.read_text(encoding="utf-8"))["width"])
    return 1 if missing < WIDTH else None


def find_width(protocol: Protocol, files: SeedFiles) -> int:
    """Try both, and keep beside the seeds what was found.

    Raises:
        OSError: it cannot be written.
    """
    seconds = measured(protocol)
    width = WIDTH if seconds.get(WIDTH, float("inf")) * GAIN < seconds.get(1, 0.0) else 1
    found = kept_width(files, WIDTH)  # another process may have been quicker
    if found is None:
        write_whole(files.folder / NAME, json.dumps({"width": width, "seconds": seconds}) + "\n")
    return found or width


def measured(protocol: Protocol) -> dict[int, float]:
    """Seconds of a seed's first steps by width; nothing where seeds cannot be side by side."""
    seeds = whole(0, WIDTH, protocol.only)
    if not fit_together(protocol, seeds):
        return {}
    examples = [protocol.examples(seed) for seed in seeds]
    learner = reference_learner(protocol, examples[0], 0)
    every = side_by_side(learner)
    orders = [next(epochs_of(protocol, one, learner.batch_size, seed)) for one, seed in zip(examples, seeds)]
    batches = [list(itertools.islice(order, CHUNK)) for order in orders]
    alone = fastest(lambda first: learner.train(first, iter(batches[0])), lambda: learner.begin(0).first)
    together = fastest(
        lambda first: every.train(first, map(stacked, zip(*batches))),
        lambda: every.begin([learner.begin(seed).first for seed in seeds]).first,
    )
    return {1: alone, WIDTH: together / len(seeds)}


def fastest(train: Callable[[Any], Any], start: Callable[[], Any]) -> float:
    """Seconds of the fastest of some rounds, the first of which compiles and does not count.

    Args:
        train: ends when its steps are done.
        start: a state for it, which is not timed.
    """
    found = []
    for _ in range(ROUNDS + 1):
        first = start()
        began = time.perf_counter()
        train(first)
        found.append(time.perf_counter() - began)
    return min(found[1:])
