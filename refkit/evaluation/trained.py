"""Predictions of a model that is trained here: a reference, or a file of the user's, on the data of an experiment."""

import dataclasses

import numpy as np

from refkit import signs
from refkit.errors import RefkitError
from refkit.evaluation.collected import collect
from refkit.evaluation.predictions import Predictions
from refkit.evaluation.run_file import run_file
from refkit.evaluation.stages import TEST, TRAIN, TRAIN_VAL

HELD = 5  # one in so many training examples is held out


@dataclasses.dataclass(frozen=True)
class Trained:
    """What training gave.

    Args:
        predictions: on `train`, on training examples that were held out as `train_val`, and on `test`.
        data: the experiment's name of the data.
        notes: one clause each, of how it was trained.
    """

    predictions: Predictions
    data: str
    notes: tuple[str, ...]


def train_reference(name: str, data: str | None, seed: int = 0, epochs: int | None = None) -> Trained:
    """A reference, as its experiment trains it, on four in five of its training examples.

    Args:
        name: `lenet`, with options as in `lenet:pool=max`.
        data: of its experiment; the offline default if None.
        epochs: the experiment's if None.

    Raises:
        RefkitError: no such reference, option or data.
    """
    from refkit.experiments.training import fitted, reference_learner

    protocol = protocol_of(name, data, epochs)
    signs.say(f"reading {protocol.data}")
    examples, held = held_out(protocol.examples(seed), seed)
    learner = reference_learner(protocol, examples, seed)
    with signs.waiting(f"training {name} on {protocol.data}"):
        say = lambda share: signs.say(f"training on {protocol.data}: {share:.0%}")
        state, _ = fitted(protocol, seed, examples, learner, say)
    return answers(protocol, name, learner, state, examples, held, "as its experiment has it")


def train_yours(target: str, reference: str, data: str | None, seed: int = 0, epochs: int | None = None) -> Trained:
    """A model of the user's, by its own train step where that takes the data, else by Adam around its loss.

    Args:
        target: `file.py:Name`; it is run, never edited.
        reference: whose data, and whose inputs it takes.

    Raises:
        RefkitError: it cannot be built, or not be trained on this data.
    """
    import functools

    import jax

    from refkit.checks.matter import Matter
    from refkit.checks.result import first_that_trains
    from refkit.checks.stepped import limited
    from refkit.comparison import implementation_of, watched
    from refkit.diagnosis.results.fitting import misfit
    from refkit.edits.catalogue import parse_options
    from refkit.experiments.training import fitted
    from refkit.loading import load
    from refkit.loading.discovery import the_model
    from refkit.subjects import BY_NAME

    name, given = parse_options(reference)
    protocol = protocol_of(name, data, epochs)
    loaded = load(target, roles={})
    with loaded.active(), watched(loaded), jax.enable_x64(False), signs.waiting(f"training {target}"):
        implementation = functools.partial(implementation_of, loaded, the_model, BY_NAME[name], None, {}, given=given)()
        matter = Matter(implementation, BY_NAME[name], given)
        if implementation.alternatives:
            matter.fitted  # noqa: B018: settles in which layout the model takes its inputs
        yours = matter.implementation
        examples, held = held_out(protocol.examples(seed), seed)
        why = misfit(yours.inputs, matter.shown.outputs, yours.label_dtype, examples.train, protocol.data)
        way = first_that_trains(matter, protocol, examples) if not why else None
        if way is None or way.learner is None:
            raise RefkitError(f"`{target}` cannot be trained on `{protocol.data}`: {why or way.lacking}")
        learner = way.learner.begin(seed)
        try:
            with limited(matter, 600.0):
                state, _ = fitted(
                    protocol,
                    seed,
                    examples,
                    learner,
                    lambda share: signs.say(f"training on {protocol.data}: {share:.0%}"),
                )
        except RefkitError:
            raise
        except Exception as error:  # noqa: BLE001: a step of the user's may raise anything on values
            said = " ".join(str(error).split())[:160]
            raise RefkitError(
                f"{way.name} could not be run on `{protocol.data}`: {type(error).__name__}: {said}"
            ) from error
        how = way.name + (f", since {way.lacking}" if way.lacking else "")
        return answers(protocol, target, learner, state, examples, held, f"by {how}")


def protocol_of(reference: str, data: str | None, epochs: int | None):
    """The experiment, at the options and epochs asked for."""
    from refkit.edits.catalogue import parse_options
    from refkit.experiments.protocols import find_protocol

    name, given = parse_options(reference)
    protocol = find_protocol(name, data)
    if protocol.until_solved is not None:
        raise RefkitError(
            f"on `{protocol.data}` the reference is trained on fresh sequences until it is solved, so there is no training "
            "error to decompose: give another `--data`, or predictions of your own"
        )
    options = tuple((dict(protocol.options) | dict(given)).items())
    return dataclasses.replace(protocol, options=options, epochs=epochs or protocol.epochs)


def held_out(examples, seed: int):
    """The examples without one in HELD of the training ones, and these."""
    count = len(examples.train[-1])
    order = np.random.default_rng((seed, HELD)).permutation(count)
    held, kept = np.split(order, [count // HELD])
    parts = [tuple(array[np.sort(rows)] for array in examples.train) for rows in (kept, held)]
    return dataclasses.replace(examples, train=parts[0], floors=None), parts[1]


def answers(protocol, source: str, learner, state, examples, held, how: str) -> Trained:
    """What a trained learner says of every part."""
    parts = {TRAIN: examples.train, TRAIN_VAL: held, TEST: examples.test}
    outputs = [np.asarray(learner.outputs(state, part)) for part in parts.values()]
    notes = (
        f"trained {how}, {protocol.epochs} epochs of `{protocol.data}`",
        f"one in {HELD} training examples was held out as `train_val`; nothing was chosen by it",
    )
    return Trained(
        collect(f"{source} on {protocol.data}", protocol.data, parts, outputs, examples.scale), protocol.data, notes
    )


def ask_yours(target: str, reference: str, data: str | None, seed: int = 0) -> Trained:
    """A function of the user's that answers inputs, trained before: nothing is trained, nothing can be held out.

    Args:
        target: `file.py:Name` of a function of the inputs, as the reference takes them, to outputs or classes.

    Raises:
        RefkitError: the file cannot be run, has no such function, or that raises.
    """
    file, _, name = target.partition(":")
    protocol = protocol_of(reference, data, None)
    function = getattr(run_file(file), name or "predict", None)
    if not callable(function):
        raise RefkitError(
            f"`{file}` has no function `{name or 'predict'}`: name the one that answers, as `{file}:predict`"
        )
    examples = protocol.examples(seed)
    parts = {TRAIN: examples.train, TEST: examples.test}
    outputs = []
    for part in parts.values():
        inputs = [array[np.arange(len(part[-1]))] for array in part[:-1]]
        try:
            outputs.append(np.asarray(function(*inputs)))
        except Exception as error:  # noqa: BLE001: it is the user's
            said = " ".join(str(error).split())[:160]
            raise RefkitError(f"`{target}` raises on `{protocol.data}`: {type(error).__name__}: {said}") from error
        if outputs[-1].shape[:1] != part[-1].shape[:1]:
            raise RefkitError(
                f"`{target}` answers {len(part[-1])} examples with {outputs[-1].shape}: give one row an example"
            )
    notes = (f"`{target}` was asked, and nothing trained: `train` holds all training examples of `{protocol.data}`",)
    return Trained(
        collect(f"{target} on {protocol.data}", protocol.data, parts, outputs, examples.scale), protocol.data, notes
    )
