"""Tuning a reference: each trial trains it as its experiment does, and is judged on examples cut from the training part."""

import dataclasses
import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from refkit.edits.catalogue import edited_source, find_choice
from refkit.edits.choices.initialization import initializer
from refkit.errors import RefkitError
from refkit.experiments.protocol import Examples, Protocol
from refkit.experiments.protocols import find_protocol
from refkit.experiments.training import evaluated_epochs, shuffled
from refkit.subjects.learner import module_of
from refkit.subjects.shared_learner import Shape, SharedLearners
from refkit.tuning.reference_space import BY_REFERENCE, default_space, option_text, own_value, require_values
from refkit.tuning.spaces import Space, Values, inside_ones, read_spaces
from refkit.tuning.subject import Diverged, Report, Subject, require_direction, require_finite

VALIDATION = 5  # one training example in so many is for validation
FEWEST = 10  # training examples that can be cut
INITIALIZERS = {"initialization": "kernel_init", "state-initialization": "state_init"}
OWN_FIELDS = ("learning_rate", "schedule", "penalty", "batch_size", "units", "depth", *INITIALIZERS)


def reference_subject(
    reference: str,
    data: str | None = None,
    spaces: Iterable[str] = (),
    settings: Mapping[str, Any] = MappingProxyType({}),
    *,
    epochs: int | None = None,
    seed: int = 0,
    metric: str | None = None,
    direction: str | None = None,
) -> Subject:
    """A reference on a data set.

    Args:
        data: the offline default's name if None.
        spaces: what is searched, as `--space` says it; the guide's if empty.
        settings: hyper-parameters that keep one value; those outside the space belong to every trial of the study.
        epochs: of every trial; as many as the experiment has if None.
        seed: of the parameters and of the order of the examples.
        metric: only to be told that it is another one.
        direction: likewise.

    Raises:
        RefkitError: no such reference, data set, hyper-parameter or value.
    """
    protocol = find_protocol(reference, data)
    if protocol.reference not in BY_REFERENCE:
        known = ", ".join(f"`{name}`" for name in BY_REFERENCE)
        raise RefkitError(
            f"`{reference}` has no search space: tune one of {known}, or a function of your own (`my.py:train`)"
        )
    protocol = dataclasses.replace(protocol, epochs=epochs or protocol.epochs)
    if metric not in (None, protocol.metric.name):
        raise RefkitError(
            f"`{reference}` on `{protocol.data}` is judged by `{protocol.metric.name}`, not by `{metric}`: leave out `--metric`"
        )
    require_direction(protocol.metric.name, direction, protocol.metric.better)
    space = read_spaces(spaces, default_space(protocol))
    held = {name: value for name, value in settings.items() if name not in space}
    require_values(reference, space | {name: Values((value,)) for name, value in held.items()})
    trials = ReferenceTrials(protocol, held, seed)
    return Subject(
        f"{reference} on {protocol.data}",
        space,
        protocol.metric.name,
        protocol.metric.better,
        {
            "protocol": protocol.fingerprint,
            "epochs": protocol.epochs,
            "seed": seed,
            "held": {name: option_text(value) for name, value in sorted(held.items())},
        },
        trials.run,
        own_values(protocol, space),
        f"{len(trials.examples.test[-1])} validation examples, cut from the training part",
        f"{reference}" + (f" --data {protocol.data}" if data else ""),
        lambda values: next_step(protocol, held | values),
    )


def own_values(protocol: Protocol, space: Space) -> dict[str, Any]:
    """The experiment's own values, as far as they lie in the space."""
    return inside_ones(space, {name: own_value(protocol, name) for name in space})


class ReferenceTrials:
    """Trains a reference at values of its hyper-parameters.

    Args:
        protocol: on what, for how long, how it is judged; its test examples are never looked at.
        held: hyper-parameters that every trial has.
        seed: of the parameters and of the order of the examples.
    """

    def __init__(self, protocol: Protocol, held: dict[str, Any], seed: int):
        self.protocol, self.held, self.seed = protocol, held, seed
        self.given = protocol.examples(0)
        self.examples = with_validation(self.given, protocol.data)
        self.learners = SharedLearners()

    def run(self, values: dict[str, Any], report: Report) -> float:
        """The metric on the validation examples after the last epoch.

        Raises:
            Diverged: a loss or the metric is not finite.
            RefkitError: values that do not go together.
        """
        values = self.held | values
        learner = self.learners.of(self.shape(values))
        rate = values.get("learning_rate", own_value(self.protocol, "learning_rate"))
        state = learner.start(self.start(values), rate, values.get("penalty", 0.0))
        inputs, targets, value = self.examples.test, self.examples.test[-1], math.nan
        for epoch in range(self.protocol.epochs):
            state, losses = learner.train(state, shuffled(self.examples.train, learner.batch_size, (self.seed, epoch)))
            wrong = next((loss for loss in losses if not math.isfinite(loss)), None)
            if wrong is not None:
                raise Diverged(f"the loss is {wrong} in epoch {epoch + 1}")
            if epoch + 1 in evaluated_epochs(self.protocol):
                value = self.protocol.score(learner.outputs(state, inputs), targets, self.examples.scale)
                require_finite(value, f"the {self.protocol.metric.name} after epoch {epoch + 1}")
                report(value, epoch + 1)
        return value

    def shape(self, values: dict[str, Any]) -> Shape:
        """What has to be compiled for the values: everything but numbers and first parameters."""
        options = self.options(values)
        source = edited_source(self.protocol.reference, dict(self.protocol.options) | options)
        fields = {
            field: value(self.given) if callable(value) else value
            for field, value in self.protocol.config
            if field not in {"learning_rate", *(name.replace("-", "_") for name in options)}
        }
        if "batch_size" in values:
            fields["batch_size"] = int(values["batch_size"])
        schedule = values.get("schedule", "constant")
        batch = fields.get("batch_size", module_of(self.protocol.reference, source).Config.batch_size)
        steps = self.protocol.epochs * math.ceil(len(self.examples.train[-1]) / batch)
        return Shape(
            self.protocol.reference,
            source,
            tuple(sorted(fields.items())),
            schedule,
            steps if schedule != "constant" else 0,
            penalised="penalty" in values,
        )

    def options(self, values: dict[str, Any]) -> dict[str, str]:
        """The reference's options among the values."""
        options = {name: option_text(value) for name, value in values.items() if name not in OWN_FIELDS}
        if "units" in values or "depth" in values:
            units, depth = (values.get(name, own_value(self.protocol, name)) for name in ("units", "depth"))
            if units is None or depth is None:
                raise RefkitError("the hidden layers differ in width: give both `units` and `depth`, or `hidden`")
            options["hidden"] = "-".join([str(units)] * depth)
        return options

    def start(self, values: dict[str, Any]) -> dict[str, Any]:
        """Fields of `Config` that decide the first parameters."""
        module = module_of(self.protocol.reference, self.protocol.source)
        drawn = {
            field: made(initializer(name, values[name]), module)
            for name, field in INITIALIZERS.items()
            if name in values
        }
        return {**drawn, "seed": self.seed}


def made(text: str, module: Any) -> Any:
    """The initializer that an option's text stands for, with the names that a reference has imported."""
    return eval(text, vars(module))


def with_validation(examples: Examples, data: str) -> Examples:
    """The training examples, four in five, and the rest in the place of the test examples.

    Raises:
        RefkitError: there are too few of them.
    """
    count = len(examples.train[-1])
    if count < FEWEST:
        raise RefkitError(
            f"`{data}` has {count} training examples, too few to cut a validation part from: {FEWEST} are needed"
        )
    order = np.random.default_rng(0).permutation(count)
    validation, train = np.sort(order[: count // VALIDATION]), np.sort(order[count // VALIDATION :])
    parts = [tuple(rows_of(array, rows) for array in examples.train) for rows in (train, validation)]
    return Examples(*parts, scale=examples.scale)


def rows_of(array: Any, rows: np.ndarray) -> Any:
    """Rows of an array, or of what gives its rows only when they are asked for."""
    return array[rows] if isinstance(array, np.ndarray) else Rows(array, rows)


class Rows:
    """Some rows of an array that is too large to be held as the model takes it."""

    def __init__(self, array: Any, rows: np.ndarray):
        self.array, self.rows = array, rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, chosen: np.ndarray) -> np.ndarray:
        return self.array[self.rows[chosen]]


def next_step(protocol: Protocol, values: dict[str, Any]) -> str:
    """The last line: where the values belong, and how they are judged over several seeds."""
    fields, options = [], []
    for name, value in values.items():
        match name:
            case "learning_rate":
                schedule = values.get("schedule", "constant")
                fields.append(
                    f"{name}={value:.4g}" + (f" on the {schedule} schedule" if schedule != "constant" else "")
                )
            case "batch_size":
                fields.append(f"{name}={value}")
            case "penalty" if value > 0:
                options.append(f"penalty=half-l2-{value:g}")
            case "schedule" | "penalty" | "units" | "depth":
                pass
            case _ if find_choice(protocol.reference, name).edit(option_text(value)) is not None:
                options.append(f"{name}={option_text(value)}")
    if "units" in values and "depth" in values and (values["units"], values["depth"]) != (64, 1):
        options.insert(0, f"hidden={'-'.join([str(values['units'])] * values['depth'])}")
    target = f"{protocol.reference}:{','.join(options)}" if options else protocol.reference
    return (
        f"take {', '.join(fields) or 'these values'} into `Config` of your copy of {protocol.reference}.py and judge it on the "
        f"test examples with several seeds: `refkit compare my_{protocol.reference}.py --reference {target} --only result "
        f"--data {protocol.data} --seeds 5`"
    )
