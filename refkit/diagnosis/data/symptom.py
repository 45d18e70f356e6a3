"""One thing observed of a part that handles data."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Symptom:
    """What is wrong with the examples that a part gives.

    Args:
        kind: a few fixed words, by which a symptom of yours and one of an edited reference are the same.
        role: of the part: `preprocess`, `batches`, `split`, `train`.
        message: what was seen, as a clause.
        line: of the user's file, 0 where it is not known.
        yours: the value that departs.
        expected: what it is with the reference's part.
    """

    kind: str
    role: str
    message: str
    line: int = 0
    yours: np.ndarray | None = None
    expected: np.ndarray | None = None
