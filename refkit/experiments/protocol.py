"""The record of one experiment: which reference is trained on which data, for how long, and what is measured."""

import dataclasses
import hashlib
import json
from collections.abc import Callable
from typing import Any

import numpy as np

from refkit.edits.catalogue import edited_source
from refkit.results.record import Metric, Published

Arrays = tuple[np.ndarray, ...]


@dataclasses.dataclass(frozen=True)
class Examples:
    """What one seed trains and is tested on, as the model takes it.

    Args:
        train: the inputs, and the targets last: arrays with one row an example.
        test: likewise.
        floors: inputs and targets as the baselines take them, `((train inputs, targets), (test inputs, targets))`; None
            where they take the same.
        scale: what a unit of the model's target is in the unit of the metric, for targets that are standardised.
        groups: test examples that are scored apart, too: by name, which of them.
        then: what the last epochs train on in the place of `train`: the few examples of fine-tuning.
        augment: what every epoch does to those it trains on.
    """

    train: Arrays
    test: Arrays
    floors: tuple[tuple[Arrays, np.ndarray], tuple[Arrays, np.ndarray]] | None = None
    scale: float = 1.0
    groups: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    then: Arrays | None = None
    augment: Callable[[Arrays, np.random.Generator], Arrays] | None = None


@dataclasses.dataclass(frozen=True)
class Protocol:
    """One known result, as it is made.

    Args:
        reference: `lenet`.
        data: the name under which it is asked for and kept: `mnist`.
        task: one sentence for the reader.
        examples: what a seed trains and is tested on; where the data has official splits, the seed is the split.
        metric: what is measured.
        score: of outputs `f32[examples, ...]`, targets and the examples' scale.
        options: of the reference.
        config: fields of its config, and functions of the examples for those that depend on them.
        epochs: over the training examples.
        then_after: so many of them; the rest are over the examples' `then`.
        evaluations: points of the curve, evenly over the epochs.
        until_solved: in the place of epochs, fresh sequences until it is solved.
        seeds: how many are made where none is asked for.
        only: the seeds there are, where the data has so many splits and no more.
        floor_score: of a baseline's predictions and targets, in the metric's unit.
        published: figures of others.
        note: why ours differs from theirs.
        needs: what has to be there that is not offline: one clause, empty for offline data.
    """

    reference: str
    data: str
    task: str
    examples: Callable[[int], Examples]
    metric: Metric
    score: Callable[[np.ndarray, np.ndarray, float], float]
    options: tuple[tuple[str, str], ...] = ()
    config: tuple[tuple[str, Any], ...] = ()
    epochs: int = 10
    then_after: int | None = None
    evaluations: int = 10
    until_solved: "UntilSolved | None" = None
    seeds: int = 20
    only: int | None = None
    floor_score: Callable[[np.ndarray, np.ndarray], float] | None = None
    published: tuple[Published, ...] = ()
    note: str = ""
    needs: str = ""

    @property
    def source(self) -> str:
        """The text of the reference at these options."""
        return edited_source(self.reference, dict(self.options))

    @property
    def fingerprint(self) -> str:
        """Changes with anything that decides the numbers of a seed and is said here: the text, the sizes, the budget."""
        said = {
            "source": code_of(self.source),
            "config": {name: str(value) for name, value in self.config if not callable(value)},
            "epochs": self.epochs,
            "evaluations": self.evaluations,
            "until_solved": self.until_solved.numbers if self.until_solved else None,
            "metric": self.metric.name,
            "task": self.task,
        }
        if self.then_after is not None:
            said["then_after"] = self.then_after
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]


@dataclasses.dataclass(frozen=True)
class UntilSolved:
    """Training on sequences that are drawn fresh, until a block of them is answered rightly before it is trained on.

    Args:
        draw: `(sequences, seed)` to inputs and targets.
        wrong: per sequence, of outputs and targets.
        block: sequences trained on between two looks.
        window: fresh sequences that all have to be right.
        most: sequences, after which it counts as not solved.
        test: sequences on which it is tested.
    """

    draw: Callable[[int, Any], Arrays]
    wrong: Callable[[np.ndarray, np.ndarray], np.ndarray]
    block: int = 3_200
    window: int = 2_000
    most: int = 400_000
    test: int = 2_560

    @property
    def numbers(self) -> tuple[int, ...]:
        return self.block, self.window, self.most, self.test


def code_of(source: str) -> str:
    """A reference's text without its docstring, into which known results are written."""
    _, _, code = source.partition('"""')
    return code.partition('"""')[2]
