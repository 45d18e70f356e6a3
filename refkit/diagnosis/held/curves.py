"""The kinds of curve that training on one held batch gives, told apart as the field guide tells them."""

import dataclasses
import functools
import json
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_name("curves.json")
KINDS = ("falls", "falling", "settles", "goes-up", "explodes", "oscillates", "plateaus")
RIGHT = ("falls", "falling", "settles")


@dataclasses.dataclass(frozen=True)
class Limits:
    """Where one kind of curve ends and another begins; `benchmark.py overfit` derives them and keeps them in curves.json.

    Args:
        fallen: the loss at the end beside the first one, or beside that of one answer for every example where that is
            less, up to which it has come to almost nothing.
        stuck: the same from which a loss that falls no more is on a plateau; one that has come further has settled on a
            floor of its own, as smoothed labels, penalties and like inputs with unlike labels have one.
        leap: the largest ratio of one loss to the one before, from which a rise is an explosion.
        slope: the share that the loss loses from the third quarter of the steps to the last, from which it still falls, or
            rises where it gains as much.
        swings: the mean change from step to step beside the loss itself, in the last half, from which it oscillates.
    """

    fallen: float
    stuck: float
    leap: float
    slope: float
    swings: float


@dataclasses.dataclass(frozen=True)
class Features:
    """What is told of a curve.

    Attributes:
        first: the loss before the first step.
        last: the median of the last tenth.
        share: `last` beside `first`.
        left: `last` beside `first` or the loss of one answer for every example, whichever is less.
        leap: the largest ratio of one loss to the one before.
        slope: the share that the loss loses from the third quarter of the steps to the last.
        swings: the mean change from step to step beside the loss itself, in the last half.
        broken: the step, from 0, at which it is no finite number; None where it always is.
    """

    first: float
    last: float
    share: float
    left: float
    leap: float
    slope: float
    swings: float
    broken: int | None = None


def features(losses: np.ndarray, unlearned: float | None = None) -> Features:
    """Features of a curve of at least one loss.

    Args:
        unlearned: the loss of one answer for every example, where that is known.
    """
    finite = np.isfinite(losses)
    broken = None if finite.all() else int(np.argmin(finite))
    kept = losses if broken is None else losses[:broken]
    if len(kept) == 0:
        nan = float("nan")
        return Features(nan, nan, nan, nan, nan, nan, nan, broken)
    first, last = float(kept[0]), float(np.median(kept[-max(len(kept) // 10, 5) :]))
    quarters = np.array_split(kept, 4) if len(kept) >= 8 else [kept] * 4
    third, fourth = float(np.median(quarters[2])), float(np.median(quarters[3]))
    half = kept[len(kept) // 2 :]
    scale = max(float(np.abs(half).mean()), 1e-12)
    swings = float(np.abs(np.diff(half)).mean()) / scale if len(half) > 1 else 0.0
    slope = (third - fourth) / max(abs(third), 1e-12)
    before = np.maximum(np.abs(kept[:-1]), 1e-2 * abs(first) + 1e-12)  # a leap from almost nothing is none
    leap = float((np.abs(kept[1:]) / before).max()) if len(kept) > 1 else 1.0
    ratio = lambda whole: last / whole if whole else float("inf")
    left = ratio(min(first, unlearned) if unlearned and first > 0 else first)
    return Features(first, last, ratio(first), left, leap, slope, swings, broken)


def kind_of(seen: Features, limits: Limits | None = None) -> str:
    """One of `KINDS`; `falling` is a loss that is not down yet, and on its way, `settles` one that came most of the way."""
    limits = limits or stored().limits
    if seen.broken is not None:
        return "explodes"
    if seen.last < -abs(seen.first) * limits.fallen:
        return "goes-up"  # below zero: the error's sign is the wrong one, so that it grows
    if seen.left <= limits.fallen:
        return "falls"
    if seen.leap >= limits.leap:
        return "explodes"
    if seen.share > 1 + seen.swings and seen.slope <= -limits.slope:
        return "goes-up"
    if seen.slope >= limits.slope:
        return "falling"
    if seen.left < limits.stuck:
        return "settles"
    return "oscillates" if seen.swings >= limits.swings else "plateaus"


def has_fallen(losses: np.ndarray, unlearned: float | None = None) -> bool:
    """Whether the loss has come to almost nothing."""
    return len(losses) > 10 and kind_of(features(losses, unlearned)) == "falls"


@dataclasses.dataclass(frozen=True)
class Signature:
    """How one known bug trains on one held batch, run on its reference.

    Args:
        reference: `lenet`.
        id: of the bug.
        kind: of its curve.
        share: the loss at the end beside the first.
        floor: the name of the floor that it sits on, as `floors` has them; empty where it is none of them.
    """

    reference: str
    id: str
    kind: str
    share: float
    floor: str


@dataclasses.dataclass(frozen=True)
class Stored:
    """What runs of the references and of their bugs have shown.

    Args:
        limits: between the kinds of curve.
        slowest: distance that a right program's pace has to need at most this many steps for.
        signatures: of the catalogue.
    """

    limits: Limits
    slowest: float
    signatures: tuple[Signature, ...]


@functools.cache
def stored() -> Stored:
    kept: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return Stored(Limits(**kept["limits"]), kept["slowest"], tuple(Signature(*row) for row in kept["signatures"]))
