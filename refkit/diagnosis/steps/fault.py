"""The record of something that is wrong about a training step."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Fault:
    """Something that the steps show.

    Args:
        id: of the known bug.
        words: what is seen, for the message.
        paths: of the parameters that show it.
        yours, expected: the numbers beside each other, where there are such.
    """

    id: str
    words: str
    paths: tuple[str, ...] = ()
    yours: np.ndarray | None = None
    expected: np.ndarray | None = None
