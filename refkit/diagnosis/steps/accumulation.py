"""Gradients of parts of a batch that are added up where they should be averaged."""

from typing import TYPE_CHECKING

import numpy as np

from refkit.diagnosis.steps.fault import Fault
from refkit.diagnosis.steps.numbers import key_of, proportion, summed
from refkit.diagnosis.steps.stepping import Moment

if TYPE_CHECKING:
    from refkit.diagnosis.steps.effects import Effects


def not_averaged(effects: "Effects") -> Fault | None:
    """Whether the gradients of parts of a batch are added up where each of them is already a mean."""
    count = len(effects.whole(effects.inline(0)))
    if count < 2 or not means(effects, effects.inline(0)):
        return None
    steps = [effects.moments[0]]
    for number in range(2):  # with gradients too small to be clipped
        steps.append(effects.stepping.run_inline(steps[-1], number, key_of(number), heat="cold"))
    share = share_used(effects, steps, count)
    if share is None or abs(share - 1) > 0.05:
        return None
    words = f"the step goes on with the sum of {count} gradients, each the mean over its own part of the batch"
    return Fault("accumulation-not-averaged", words)


def means(effects: "Effects", moment: Moment) -> bool:
    """Whether each part's loss is as large as that of the whole batch, and not its share of it."""
    values = [float(np.mean(taken.value)) for taken in moment.gradients if taken.value is not None]
    whole = effects.stepping.own_loss(0)
    if not values or whole is None:
        return False
    return abs(np.mean(values) - whole) < abs(np.sum(values) - whole)


def share_used(effects: "Effects", steps: list[Moment], count: int) -> float | None:
    """1 where the sum of the gradients is used, 1 / count where their mean is; None where nothing tells."""
    sums = [summed(effects.whole(moment)) for moment in steps[1:]]
    first, second = steps[1].memory, steps[2].memory
    by_shape = sorted(range(len(sums[0])), key=lambda k: -sums[0][k].size)
    for k in by_shape[:1]:
        for place in effects.moments_of_gradients:
            if first[place].shape != sums[0][k].shape:
                continue
            scale = proportion(first[place], sums[0][k])
            if scale is None:
                continue
            kept = proportion(second[place] - scale * sums[1][k], first[place])
            if kept is None:
                continue
            if abs(scale - 1) < 1e-6 or abs(scale * count - 1) < 1e-6:  # a plain trace of gradients
                return scale
            return scale / (1 - kept) if kept < 1 else None
        rate = proportion(steps[0].parameters[k] - steps[1].parameters[k], sums[0][k])
        if rate is not None:
            return effects.stepping.share_by_rate(rate, count)
    return None
