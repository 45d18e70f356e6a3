"""A known result in words: what it is, how far it is to be trusted, its baselines, and your curve beside its curves."""

import numpy as np

from refkit.diagnosis.results.judging import KEPT, TRIVIAL, beats
from refkit.experiments.showing import figure, seeds_of
from refkit.results.record import HIGHER, TIERS, Published, Result
from refkit.results.statistics import envelope

OURS = TIERS[4]


def known_words(known: Result) -> str:
    """Figure and seeds, the tier, and what a better one would be."""
    said = f"known: {figure(known)} ({seeds_of(known)} of `{known.reference}` on `{known.data}`; {OURS})"
    best = more_trusted(known)
    if best is None:
        return f"{said}; no published figure of a higher tier is known here"
    return f"{said}; a better one would be {best.figure:.4g}, {best.name} ({best.tier}; {best.source}; {best.sure})"


def more_trusted(known: Result) -> Published | None:
    """The published figure of the highest tier above ours."""
    above = [told for told in known.published if TIERS.index(told.tier) < TIERS.index(OURS)]
    return min(above, key=lambda told: TIERS.index(told.tier), default=None)


def baseline_words(mean: float, known: Result) -> str:
    """Which baselines do better; empty where there are none at all."""
    if not known.baselines or not np.isfinite(mean):
        return ""
    others = {name: value for name, value in known.baselines.items() if name not in TRIVIAL}
    ahead = {name: value for name, value in others.items() if beats(value, mean, known.metric)}
    if not ahead:
        return "better than every baseline" if beats(mean, known.best_baseline[1], known.metric) else ""
    listed = ", ".join(f"{name} ({value:.4g})" for name, value in ahead.items())
    too = all(beats(value, known.summary.mean, known.metric) for value in ahead.values())
    return f"a simpler baseline does better, {listed}" + (", also than the reference" if too else "")


def curve_words(curves: np.ndarray, known: Result) -> str:
    """Where a learning curve lies beside the known ones, `f64[runs, evaluations]`; empty where they do not compare."""
    if known.curves.shape[1:] != curves.shape[1:] or not curves.size or len(known.runs) < 2:
        return ""
    low, _, high = envelope(known.curves) + KEPT * np.abs(known.curves).max() * np.array([[-1], [0], [1]])
    curve = np.median(curves, axis=0)
    sides = np.where(curve < low, -1, np.where(curve > high, 1, 0))
    after, at = known.evaluated
    if not sides.any():
        return "the learning curve is inside the known ones' (5 to 95 %)"
    if not sides[-1]:
        inside = len(sides) - np.count_nonzero(np.abs(sides[::-1]).cumsum() == 0)
        return f"the learning curve ends inside the known ones' (5 to 95 %), where it is since {at[inside]:g} {after}"
    start = len(sides) - next((k for k, side in enumerate(sides[::-1]) if side != sides[-1]), len(sides))
    side = "below" if sides[-1] < 0 else "above"
    good = (sides[-1] > 0) == (known.metric.better == HIGHER)
    return f"the learning curve is {side} the known ones' (5 to 95 %) from {at[start]:g} {after} on" + (
        ", which is better" if good else ""
    )
