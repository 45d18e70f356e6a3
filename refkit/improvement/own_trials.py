"""Changes tried on a file of the user's, by its function `train(config)`."""

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from refkit.errors import RefkitError
from refkit.evaluation.run_file import run_file
from refkit.improvement.item import Item
from refkit.improvement.move import EPOCHS
from refkit.improvement.reference_trials import Say
from refkit.improvement.trial import Runs, Trial

HIGHER, LOWER = "higher", "lower"
TRAIN_NAMES = ("train", "train_error")
HELD_NAMES = ("val", "validation", "held", "test_val", "train_val", "error", "value")


@dataclasses.dataclass(frozen=True)
class OwnBench:
    """A file whose training takes a configuration.

    Args:
        name: `file.py:train`.
        call: of the fields' values to what `train` gives.
        fields: the configuration as it is.
        better: whether what `train` gives is better the HIGHER or the LOWER.
        seeds: set as the field `seed`, where the configuration has it.
    """

    name: str
    call: Callable[[dict[str, Any]], Any]
    fields: dict[str, Any]
    better: str
    seeds: range

    @property
    def unit(self) -> str:
        return "1 − what it returns" if self.better == HIGHER else "what it returns"

    @property
    def how(self) -> str:
        seeded = "" if "seed" in self.fields else "; its configuration has no `seed`, so the runs differ as they please"
        return f"tried on {self.name}: {len(self.seeds)} seeds{seeded}"

    def errors(self, changed: Mapping[str, Any], seed: int) -> tuple[float, float]:
        """Of one run: on the training examples (NaN where it does not say), and on those that count.

        Raises:
            RefkitError: it raises, or gives no number.
        """
        values = self.fields | dict(changed) | ({"seed": seed} if "seed" in self.fields else {})
        try:
            given = self.call(values)
        except (Exception, SystemExit) as error:  # noqa: BLE001: it is the user's
            said = " ".join(str(error).split())[:120]
            raise RefkitError(f"`{self.name}` raises {type(error).__name__}: {said}") from error
        return tuple(1 - value if self.better == HIGHER else value for value in read(given, self.name))


def own_bench(target: str, seeds: int, better: str | None, epochs: int | None) -> OwnBench:
    """The function and the configuration of a file.

    The configuration is what the file calls `Config` (a dataclass with defaults) or `CONFIG` (a dictionary), or else the
    defaults of the function's own parameters.

    Args:
        better: HIGHER or LOWER; the file's `DIRECTION` (`maximize` or `minimize`) if None, else LOWER.
        epochs: set as the field `epochs`, where the configuration has it.

    Raises:
        RefkitError: the file has no such function, or no configuration.
    """
    file, _, name = target.partition(":")
    module, name = run_file(file), name or "train"
    function, shown = getattr(module, name, None), f"{Path(file).name}:{name}"
    if not callable(function):
        raise RefkitError(
            f"`{file}` has no function `{name}`: write `train(config)`, which returns the validation error"
        )
    call, fields = configured(module, function, shown)
    direction = str(getattr(module, "DIRECTION", "minimize"))
    better = better or (HIGHER if direction.startswith("max") else LOWER)
    if epochs is not None:
        fields |= {field: epochs for field in EPOCHS if field in fields}
    return OwnBench(shown, call, fields, better, range(seeds))


def configured(module: Any, function: Callable, shown: str) -> tuple[Callable, dict[str, Any]]:
    kind, values = getattr(module, "Config", None), getattr(module, "CONFIG", None)
    if dataclasses.is_dataclass(kind):
        try:
            fields = {field.name: getattr(kind(), field.name) for field in dataclasses.fields(kind)}
        except TypeError as error:
            raise RefkitError(f"`Config` of `{shown}` has a field without a default: give it one") from error
        return lambda given: function(kind(**given)), fields
    if isinstance(values, Mapping):
        return lambda given: function(dict(given)), dict(values)
    parameters = inspect.signature(function).parameters.values()
    fields = {one.name: one.default for one in parameters if one.default is not one.empty}
    if not fields or len(fields) < len(parameters):
        raise RefkitError(
            f"what `{shown}` can be changed by is not said: give the file a dataclass `Config` or a dictionary `CONFIG`, with "
            "fields such as `learning_rate` and `hidden`"
        )
    return lambda given: function(**given), fields


def read(given: Any, shown: str) -> tuple[float, float]:
    """Training and validation figure of what `train` returned."""
    if isinstance(given, Mapping):
        train = next((given[name] for name in TRAIN_NAMES if name in given), float("nan"))
        held = next((given[name] for name in HELD_NAMES if name in given), None)
    else:
        train, held = float("nan"), given
    figures = [value.item() if getattr(value, "size", 0) == 1 else value for value in (train, held)]
    if not all(isinstance(value, Real) and not isinstance(value, bool) for value in figures):
        raise RefkitError(
            f"`{shown}` returned `{type(given).__name__}`: let it return the validation error as a number, or a dictionary with "
            "`train` and `val`"
        )
    if not np.isfinite(figures[1]):
        raise RefkitError(f"`{shown}` returned {figures[1]}: training diverges")
    return float(figures[0]), float(figures[1])


def try_items(bench: OwnBench, items: tuple[Item, ...], say: Say = lambda words: None) -> list[Trial]:
    """Every move whose fields the configuration has.

    Raises:
        RefkitError: the file cannot be run as it is.
    """
    wanted = [(item, move) for item in items for move in item.moves if move.share == 1 and move.changed(bench.fields)]
    if not wanted:
        return []
    say("as it is")
    before, trials = runs(bench, {}), []
    for number, (item, move) in enumerate(wanted, 1):
        words = move.words(bench.fields, None)
        say(f"{number} of {len(wanted)}: {words}")
        try:
            trials.append(Trial(item.name, words, before, runs(bench, move.changed(bench.fields))))
        except RefkitError as error:
            trials.append(Trial(item.name, words, failed=str(error)))
    return trials


def runs(bench: OwnBench, changed: Mapping[str, Any]) -> Runs:
    errors = [bench.errors(changed, seed) for seed in bench.seeds]
    return Runs(*(np.array(part) for part in zip(*errors)))
