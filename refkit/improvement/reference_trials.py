"""Changes tried on a reference: short runs on its data, judged on training examples that are held out."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from refkit.errors import RefkitError
from refkit.evaluation.trained import held_out, protocol_of
from refkit.experiments.protocol import Examples, Protocol
from refkit.experiments.training import fitted, reference_config, reference_learner
from refkit.improvement.item import Item
from refkit.improvement.move import EPOCHS, Move
from refkit.improvement.trial import Runs, Trial
from refkit.results import store
from refkit.results.record import HIGHER

SECONDS = 20.0  # that a run is to take, by what a known seed took
LEAST_EPOCHS = 5
Say = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Bench:
    """Where changes are tried.

    Args:
        protocol: the reference's experiment, shortened.
        seeds: of the parameters, the order, and which examples are held out.
    """

    protocol: Protocol
    seeds: range

    @property
    def unit(self) -> str:
        metric = self.protocol.metric
        return f"1 − {metric.name}" if metric.better == HIGHER else metric.name

    @property
    def how(self) -> str:
        protocol = self.protocol
        return (
            f"tried on {protocol.reference}, {protocol.data}: {len(self.seeds)} seeds, {protocol.epochs} epochs; one in five "
            "training examples held out, others for each seed, and none of the test examples used"
        )

    def config(self) -> dict[str, Any]:
        """The fields of the reference's Config as the experiment sets them."""
        return config_of(self.protocol)


def config_of(protocol: Protocol) -> dict[str, Any]:
    config = reference_config(protocol, protocol.examples(0), 0)
    return {field.name: getattr(config, field.name) for field in dataclasses.fields(config)} | {
        "epochs": protocol.epochs
    }


def bench_for(reference: str, data: str | None, seeds: int, epochs: int | None) -> Bench:
    """The experiment of a reference, with as many epochs as go into a short run.

    Raises:
        RefkitError: no such reference or data, or one that is trained until it is solved.
    """
    protocol = protocol_of(reference, data, epochs)
    if protocol.only is not None:
        seeds = min(seeds, protocol.only)
    if epochs is None:
        protocol = dataclasses.replace(protocol, epochs=short_epochs(protocol))
    return Bench(dataclasses.replace(protocol, evaluations=1), range(seeds))


def short_epochs(protocol: Protocol) -> int:
    """As many epochs as take SECONDS where the known seeds were made; all of them if that is less."""
    known = store.load(protocol.reference).get(protocol.data)
    seconds = float(np.median([run.seconds for run in known.runs.values()])) if known else math.inf
    fitting = 0 if math.isinf(seconds) else int(protocol.epochs * SECONDS / max(seconds, 1e-3))
    return min(protocol.epochs, max(LEAST_EPOCHS, fitting))


def try_items(bench: Bench, items: tuple[Item, ...], say: Say = lambda words: None) -> list[Trial]:
    """Every move that this reference can make, each beside the same seeds without it."""
    config, reference = bench.config(), bench.protocol.reference
    wanted = [(item, move) for item in items for move in item.moves if move.words(config, reference)]
    if not wanted:
        return []
    say("as it is")
    before = run_all(bench, Move())
    trials = []
    for number, (item, move) in enumerate(wanted, 1):
        words = move.words(config, reference)
        say(f"{number} of {len(wanted)}: {words}")
        try:
            after = run_all(bench, move)
        except RefkitError as error:
            trials.append(Trial(item.name, words, failed=str(error)))
            continue
        except Exception as error:  # noqa: BLE001: a size that does not fit raises whatever it does
            said = " ".join(str(error).split())[:120]
            trials.append(Trial(item.name, words, failed=f"{type(error).__name__}: {said}"))
            continue
        pair = (after, before) if move.share < 1 else (before, after)
        trials.append(Trial(item.name, words, *pair))
    return trials


def run_all(bench: Bench, move: Move) -> Runs:
    """Train once a seed.

    Raises:
        RefkitError: the reference cannot be changed so, or training diverges.
    """
    protocol = changed_protocol(bench.protocol, move)
    errors = []
    for seed in bench.seeds:
        examples, held = held_out(protocol.examples(seed), seed)
        examples = augmented(share_of(examples, move.share, seed), move, protocol.reference)
        learner = reference_learner(protocol, examples, seed)
        state, _ = fitted(protocol, seed, dataclasses.replace(examples, test=held, groups={}), learner)
        parts = (examples.train, held)
        errors.append([error_on(protocol, learner.outputs(state, one), one[-1], examples.scale) for one in parts])
    return Runs(*(np.array(part) for part in zip(*errors)))


def changed_protocol(protocol: Protocol, move: Move) -> Protocol:
    """The experiment with a change in its configuration, its epochs or its options."""
    changed = move.changed(config_of(protocol))
    epochs = next((changed.pop(name) for name in EPOCHS if name in changed), protocol.epochs)
    options = dict(protocol.options)
    if protocol.reference in move.options:
        option, value = move.options[protocol.reference]
        options[option] = value
    config = tuple((dict(protocol.config) | changed).items())
    return dataclasses.replace(protocol, options=tuple(options.items()), config=config, epochs=epochs)


def share_of(examples: Examples, share: float, seed: int) -> Examples:
    """The examples with a part of the training ones."""
    if share == 1:
        return examples
    count = len(examples.train[-1])
    kept = np.sort(np.random.default_rng(seed).permutation(count)[: round(count * share)])
    return dataclasses.replace(examples, train=tuple(array[kept] for array in examples.train))


def augmented(examples: Examples, move: Move, reference: str) -> Examples:
    """The examples, the training ones of which are changed in every epoch if the move says so."""
    if reference not in move.augmentations:
        return examples
    return dataclasses.replace(examples, augment=move.augmentations[reference].change)


def error_on(protocol: Protocol, outputs: np.ndarray, targets: np.ndarray, scale: float) -> float:
    value = protocol.score(outputs, targets, scale)
    if not np.isfinite(value):
        raise RefkitError("training diverges: the outputs are not finite")
    return 1 - value if protocol.metric.better == HIGHER else value
