"""The ways in which a program of yours can be trained: its own step, or Adam around its loss."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from refkit.diagnosis.held.learned import as_labels, fits
from refkit.diagnosis.held.steps import OwnStep, UnderAdam, loss_of
from refkit.diagnosis.results.learner import Making, YourLearner
from refkit.implementation import Implementation, Input
from refkit.subjects.learner import Arrays

SAME, HALF, NOWHERE = 0.05, 0.5, 1e-3  # of the way that Adam goes


def of_adam(implementation: Implementation, rate: float) -> Making:
    """Adam around your loss, as the references train; the reference's loss where you have none."""
    return lambda inputs, labels: UnderAdam(implementation, loss_of(implementation, inputs, labels), rate)


def of_step(implementation: Implementation, run: Any) -> Making:
    """Your train step on batches in the reference's form."""

    def make(inputs: tuple, labels: Any) -> OwnStep:
        if labels is not None and (run.label_dtype == "int32") != (labels.dtype.kind in "iu"):
            raise LookupError(f"it takes {'class ids' if run.label_dtype == 'int32' else 'targets'}")
        return OwnStep(implementation, run, inputs, labels, loss_of(implementation, inputs, labels))

    return make


def of_recorded(implementation: Implementation, run: Any) -> Making:
    """Your train step as your own training calls it, on batches of ours in the place of yours.

    Raises:
        LookupError: it is not known which of its arguments is what.
    """
    if getattr(run.recorded, "looped", False):
        raise LookupError("all of its steps are one call")
    places = places_among(run.examples, implementation.inputs)
    form = run.examples[places[-1]]

    def make(inputs: tuple, labels: Any) -> OwnStep:
        handed: list[Any] = [None] * len(places)
        for place, value in zip(places, [*inputs, like(form, labels)] if inputs else []):
            handed[place] = value
        return OwnStep(implementation, run, handed if inputs else (), None, loss_of(implementation, inputs, labels))

    return make


def places_among(examples: list[np.ndarray], records: tuple[Input, ...]) -> list[int]:
    """Where a step's arguments have each input of the model, and last the labels.

    Raises:
        LookupError: that cannot be told, or there is more.
    """
    rest, places = list(range(len(examples))), []
    for record in records:
        place = next((k for k in rest if fits(examples[k], record)), None)
        if place is None:
            raise LookupError("the model's inputs are not among what it is handed")
        rest.remove(place)
        places.append(place)
    if len(rest) != 1 or examples[rest[0]].ndim > 2 or len(examples[rest[0]]) != len(examples[places[0]]):
        raise LookupError("it is handed other things than inputs and labels")
    return [*places, rest[0]]


def like(form: np.ndarray, labels: Any) -> jax.Array:
    """Labels in the form in which a program hands them to its step: one-hot, a column, other numbers."""
    if form.ndim > labels.ndim and as_labels(form).ndim < form.ndim:
        return jax.nn.one_hot(labels, form.shape[-1], dtype=form.dtype)
    shaped = labels[..., None] if form.ndim == labels.ndim + 1 and form.shape[-1] == 1 else labels
    if labels.ndim == 2 and form.ndim == 1 and labels.shape[1] == 1:
        shaped = labels[:, 0]
    if shaped.ndim != form.ndim:
        raise LookupError("its labels are of another form")
    return jnp.asarray(shaped, form.dtype)


@dataclasses.dataclass(frozen=True)
class FirstSteps:
    """A few first steps of yours beside those of Adam at the reference's rate, in the lengths of the way that Adam goes.

    Args:
        gap: between where the two arrive.
        pace: how far yours go.
    """

    gap: float
    pace: float

    @property
    def same(self) -> bool:
        return self.gap <= SAME

    @property
    def slow(self) -> bool:
        """Whether they go the slow way of a choice, which takes a longer budget; not that of steps that go nowhere."""
        return NOWHERE < self.pace < HALF


def first_steps(yours: YourLearner, adam: YourLearner, batches: list[Arrays]) -> FirstSteps | None:
    """None where they cannot be put beside each other."""
    try:
        (start, mine), (_, theirs) = (learner.parameters_after(batches) for learner in (yours, adam))
    except Exception:  # noqa: BLE001: your loss may raise anything where your step does not use it
        return None
    way = np.linalg.norm(theirs - start) if len(mine) == len(theirs) else 0.0
    if not way > 0:
        return None
    return FirstSteps(float(np.linalg.norm(mine - theirs) / way), float(np.linalg.norm(mine - start) / way))
