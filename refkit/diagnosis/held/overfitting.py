"""Which kind of curve a program's training gives on one held batch, and what it takes to tell why."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from refkit.diagnosis.held.batch import held_inputs, held_labels
from refkit.diagnosis.held.curves import RIGHT, Features, Signature, features, has_fallen, kind_of, stored
from refkit.diagnosis.held.floors import Floor, floor_at, floors, unlearned
from refkit.diagnosis.held.learned import ENOUGH, inputs_among, learned
from refkit.diagnosis.held.steps import OwnStep, UnderAdam, grouped, held_of, loss_of
from refkit.diagnosis.held.training import Curve, train
from refkit.implementation import Implementation, Part

FAST = 3e-3  # Adam's rate by which every reference has learnt its batch within 150 steps
FAST_STEPS, FAST_SECONDS = 300, 7.0
CLOSE = 1e-3  # of a loss
NEXT = {"multimodal": "lenet"}  # whose known bugs stand for one's own, as long as these have not been run
UPHILL, SMALL = 5, 0.05  # steps, and how far they go beside the length of the parameters
HALF = 0.5  # of the way that Adam goes
ENOUGH_STEPS = 250  # to call a loss that stays a plateau, where the time for more is over


@dataclasses.dataclass
class Seen:
    """One training on one batch.

    Attributes:
        curve: its losses.
        features: of them.
        kind: of the curve.
        right: share of the batch that is learnt by heart; None where that is not known.
        known: floors of the batch.
    """

    curve: Curve
    features: Features
    kind: str
    right: float | None
    known: list[Floor]

    @property
    def fell(self) -> bool:
        return self.kind in RIGHT

    @property
    def learnt(self) -> bool:
        return self.right is not None and self.right >= ENOUGH

    @property
    def floor(self) -> Floor | None:
        return floor_at(self.features.last, self.known, self.right)

    @property
    def steps(self) -> int:
        return len(self.curve.losses)


def watch(
    training: Any, inputs: list[np.ndarray] | None, labels: np.ndarray | None, classes: int | None, **budget: Any
) -> Seen:
    """Train, and look at the curve.

    Args:
        inputs, labels: the batch as the model takes it; None where that is not known.
        classes: how many there are; None for targets.
    """
    known = floors(labels, classes) if labels is not None else []
    plain = unlearned(known)
    curve = train(training, enough=lambda losses: has_fallen(losses, plain), **budget)
    seen = features(curve.losses, plain)
    right = None
    if inputs is not None and labels is not None and kind_of(seen) != "falls" and seen.broken is None:
        right = learned(training.implementation, training.tree(curve.state), inputs, labels)
    return Seen(curve, seen, kind_of(seen), right, known)


class Overfitting:
    """Your training on one batch, and Adam around your loss beside it.

    Args:
        implementation: yours.
        reference: its name.
        outputs: shape of the model's output for one example.
        regression: whether labels are targets where the loss does not say.
    """

    def __init__(self, implementation: Implementation, reference: str, outputs: tuple[int, ...], regression: bool):
        self.implementation, self.reference, self.outputs = implementation, reference, outputs
        dtype = implementation.label_dtype
        self.regression = dtype == "float32" if dtype else regression
        self.classes = None if self.regression else max(outputs[-1] if outputs else 2, 2)

    def batch(self, count: int, regression: bool | None = None) -> tuple[list[np.ndarray], np.ndarray]:
        regression = self.regression if regression is None else regression
        inputs, known = held_inputs(self.reference, self.implementation.inputs, count)
        return inputs, held_labels(known, inputs, self.outputs, regression)

    def recorded(self, part: Part) -> Callable[[], Seen]:
        """Your step on the batch that your own program hands it."""
        run = part.run
        if getattr(run.recorded, "looped", False):
            raise LookupError("all of its steps are one call")
        if not run.examples:
            raise LookupError("it is handed no batch")
        examples = held_of(run.examples, lambda given: works(self.implementation, run, given))
        found = inputs_among(examples, self.implementation.inputs)
        inputs, labels = found if found is not None else (None, None)
        classes = self.classes if labels is not None and labels.dtype.kind != "f" else None
        loss = None if inputs is None else loss_of(self.implementation, inputs, labels)
        return lambda: watch(OwnStep(self.implementation, run, examples, None, loss), inputs, labels, classes)

    def stepped(self, part: Part) -> Callable[[], Seen]:
        """Your step on the reference's data."""
        regression = part.run.label_dtype == "float32"
        inputs, labels = self.batch(max(part.run.batch, 32), regression)
        classes = None if regression else self.classes
        loss = loss_of(self.implementation, inputs, labels)
        return lambda: watch(OwnStep(self.implementation, part.run, inputs, labels, loss), inputs, labels, classes)

    def under_adam(self, rate: float, **budget: Any) -> Seen:
        """The reference's step around your model, with your loss where you have one."""
        inputs, labels = self.batch(32)
        training = UnderAdam(self.implementation, loss_of(self.implementation, inputs, labels), rate)
        return watch(training, inputs, labels, self.classes, **budget)

    @functools.cached_property
    def evidence(self) -> str | None:
        """The known bug that the loss itself shows on the first parameters; None where it shows none."""
        inputs, labels = self.batch(32)
        tree = self.implementation.init(jax.random.key(0))
        kernels = [np.asarray(leaf) for leaf in jax.tree.leaves(grouped(tree)) if np.ndim(leaf) > 1]
        if kernels and not any(np.ptp(leaf) for leaf in kernels):
            return "initialised-to-constant"
        if not self.regression:
            return None
        outputs = np.asarray(self.implementation.apply(tree, *inputs), np.float64).reshape(-1)
        targets = labels.reshape(-1).astype(np.float64)
        if outputs.size != targets.size or outputs.size != len(labels):
            return None
        loss = float(loss_of(self.implementation, inputs, labels)(tree, jax.random.key(0)))
        paired, every = ((outputs - targets) ** 2).mean(), ((outputs[:, None] - targets) ** 2).mean()
        return "targets-broadcast" if abs(loss - every) <= CLOSE * every < abs(paired - every) else None

    def fast(self) -> Seen:
        """The same at a rate at which every reference learns its batch."""
        return self.under_adam(FAST, steps=FAST_STEPS, seconds=FAST_SECONDS)


def works(implementation: Implementation, run: Any, examples: list[np.ndarray]) -> bool:
    """Whether a step takes such examples, by shapes alone."""
    key = jax.eval_shape(lambda: jax.random.key(0))
    given = tuple(jax.ShapeDtypeStruct(value.shape, jax.dtypes.canonicalize_dtype(value.dtype)) for value in examples)
    try:
        jax.eval_shape(run, jax.eval_shape(run.start, run.call.tree, key), given, None, key)
    except Exception:  # noqa: BLE001: your step may raise anything on another number of examples
        return False
    return True


@dataclasses.dataclass(frozen=True)
class Verdict:
    """Why a curve is not as it should be.

    Attributes:
        id: of the known bug that the evidence names; None where it names none.
        why: clauses of evidence beyond the curve itself.
        of_step: whether it lies in the step around the loss rather than in model and loss.
        alarm: whether it is a finding; where not, `why` says what speaks for the program.
    """

    id: str | None
    why: str
    of_step: bool = False
    alarm: bool = True


def judge(own: Seen, fast: Seen | None, smoothed: bool, evidence: str | None = None) -> Verdict:
    """Tell a bug from a choice.

    Args:
        own: your training.
        fast: Adam around your loss; None where your loss is not known.
        smoothed: whether the file smooths its labels, so that the loss has a floor.
        evidence: the known bug that the loss itself shows on the first parameters.
    """
    floor = own.floor
    if own.learnt and own.kind in ("plateaus", "oscillates", "goes-up"):
        if floor is not None and floor.name == "twice" and own.kind == "plateaus" and not smoothed:
            return Verdict("softmax-before-loss", "every answer is right all the same")
        return Verdict(None, f"it answers {own.right:.0%} of the batch rightly", alarm=False)
    if own.curve.cut and own.steps < ENOUGH_STEPS and own.kind in ("plateaus", "oscillates") and own.curve.first_move:
        return Verdict(None, "that is as many as there was time for, too few to judge", alarm=False)
    if own.curve.first_move == 0.0 and own.features.broken is None:
        return Verdict("parameters-not-updated", "no parameter moves", of_step=True)
    if fast is None:
        return Verdict(named_alone(own), "")
    if fast.fell or fast.learnt:
        return of_step(own, fast)
    return of_loss(own, fast, smoothed, evidence)


def named_alone(own: Seen) -> str | None:
    return "softmax-before-loss" if own.floor is not None and own.floor.name == "twice" else None


def of_step(own: Seen, fast: Seen) -> Verdict:
    """Your loss falls under Adam, and not under your own step."""
    words = f"under Adam at {FAST:g} your loss falls to {fast.features.last:.3g} within {fast.steps} steps"
    if uphill(own):
        return Verdict("gradient-ascent", f"{words}, where your first steps, however small, raise it", True)
    if own.kind == "goes-up" and own.features.last < 0:
        return Verdict("loss-sign-flipped", words, True)
    if own.kind in ("explodes", "goes-up"):
        far = own.curve.first_move > 1
        return Verdict(
            "learning-rate-too-high" if far else None,
            f"{words}, and the first step goes {own.curve.first_move:.2g} times as far as the parameters are long"
            if far
            else words,
            True,
        )
    if own.kind == "plateaus" and own.curve.moved < HALF * fast.curve.moved:
        needed = fast.curve.moved * own.steps / max(own.curve.moved, 1e-300)
        if needed > stored().slowest:
            return Verdict(
                "learning-rate-too-low", f"{words}; at your pace the way that it went takes {needed:.1g} steps", True
            )
        return Verdict(
            None,
            f"it moves slowly, by {own.curve.moved:.1g} of the parameters' length in {own.steps} steps",
            of_step=True,
            alarm=False,
        )
    return Verdict(None, words, True)


def uphill(own: Seen) -> bool:
    """Whether every one of the first steps, each of them small, raises the loss of the very batch that it was taken on."""
    losses = own.curve.losses[: UPHILL + 1]
    return own.kind in ("goes-up", "explodes") and own.curve.first_move < SMALL and bool((np.diff(losses) > 0).all())


def of_loss(own: Seen, fast: Seen, smoothed: bool, evidence: str | None) -> Verdict:
    """Nor does your loss fall under Adam."""
    words = f"Adam at {FAST:g} around your loss does no better ({fast.features.first:.3g} to {fast.features.last:.3g})"
    if fast.features.broken is not None:
        return Verdict(None, f"under Adam it is not finite at step {fast.features.broken + 1} either")
    if evidence is not None:
        return Verdict(evidence, words)
    if fast.floor is not None and fast.floor.name == "twice" and not smoothed:
        return Verdict("softmax-before-loss", words)
    if fast.kind == "goes-up" and fast.features.last < 0:
        return Verdict("loss-sign-flipped", words)
    return Verdict(None, words)


def alike(own: Seen, reference: str, most: int = 4) -> list[tuple[str, float]]:
    """The known bugs that give this kind of curve on the reference, those of the nearest loss first, each with its distance."""
    at = own.floor.name if own.floor is not None else ""

    def distance(row: Signature) -> float:
        if own.features.broken is not None or row.share is None or row.share <= 0 or own.features.share <= 0:
            return 1.0
        return abs(np.log(row.share / own.features.share)) + (1.0 if row.floor != at else 0.0)

    known = stored().signatures
    name = reference if any(row.reference == reference for row in known) else NEXT.get(reference)
    rows = [row for row in known if row.reference == name and row.kind == own.kind]
    return [(row.id, round(float(distance(row)), 4)) for row in sorted(rows, key=distance)[:most]]
