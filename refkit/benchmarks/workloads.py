"""What every way of training trains on when ways are timed: drawn examples of each reference's default sizes."""

import dataclasses
import types
from typing import Any

import numpy as np

STEPS = 32  # batches that a round goes over
BATCH = {"mlp": 32, "lenet": 64, "lstm": 32, "multimodal": 32}
SEQUENCE, WORDS = 50, 8  # steps of the LSTM's sequences and of the questions


@dataclasses.dataclass(frozen=True)
class Workload:
    """Batches of one reference.

    Args:
        batches: inputs and targets, `[STEPS, batch, ...]`.
        config: fields of the reference's config.
    """

    reference: str
    batches: tuple[np.ndarray, ...]
    config: dict[str, Any]

    @property
    def examples(self) -> int:
        """Of one round of one seed."""
        return STEPS * BATCH[self.reference]


def workload(reference: str, module: types.ModuleType) -> Workload:
    """Numbers are normal, words and labels uniform: what they are decides no time."""
    size, rng = BATCH[reference], np.random.default_rng(0)
    config = module.Config()
    leading = (STEPS, size)
    normal = lambda *shape: rng.normal(size=(*leading, *shape)).astype(np.float32)
    below = lambda most, *shape: rng.integers(most, size=(*leading, *shape)).astype(np.int32)
    if reference == "mlp":
        batches = normal(config.features), below(config.outputs)
    elif reference == "lenet":
        batches = normal(*config.image), below(config.classes)
    elif reference == "lstm":
        batches = normal(SEQUENCE, config.features), normal(config.outputs)
    else:
        batches = normal(*config.image), below(config.vocabulary, WORDS), below(config.classes)
    return Workload(reference, batches, {"batch_size": size})
