"""The parts that surround a model, each called as every reference's is; one file a part."""

import dataclasses
import functools
from collections.abc import Callable

from refkit.adapters.own_training.running import adapt_own_training
from refkit.adapters.parts import metric
from refkit.adapters.parts.batches import adapt_batches
from refkit.adapters.parts.made import adapt_made
from refkit.adapters.parts.optimizer import adapt_optimizer
from refkit.adapters.parts.preprocess import adapt_preprocess
from refkit.adapters.parts.recorded_step import adapt_recorded_step
from refkit.adapters.parts.split import adapt_load, adapt_split
from refkit.adapters.parts.surroundings import Surroundings
from refkit.adapters.parts.training import adapt_rhythm
from refkit.adapters.parts.ways_to_step import adapt_train_step
from refkit.implementation import Part, no_part

PARTS: dict[str, Callable[[Surroundings], Part]] = {
    "batches": adapt_batches,
    "load": adapt_load,
    "made": adapt_made,
    "metric": metric.adapt,
    "optimizer": adapt_optimizer,
    "preprocess": adapt_preprocess,
    "recorded_step": adapt_recorded_step,
    "rhythm": adapt_rhythm,
    "split": adapt_split,
    "train": adapt_own_training,
    "train_step": adapt_train_step,
}


def parts_of(surroundings: Surroundings) -> Callable[[str], Part]:
    """A function from a role to the file's part, adapted once, when it is first asked for."""

    @functools.cache
    def part(role: str) -> Part:
        adapt = PARTS.get(role)
        return no_part(role) if adapt is None else adapt(dataclasses.replace(surroundings, part=part))

    return part
