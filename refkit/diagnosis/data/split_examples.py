"""The parts of a data set, each example known again among the raw ones."""

import functools

import numpy as np

from refkit.diagnosis.data.parts_of_data import Portion
from refkit.diagnosis.data.recording import Step, first_line, last_return
from refkit.diagnosis.data.situation import Situation, widths
from refkit.diagnosis.data.symptom import Symptom
from refkit.implementation import Part
from refkit.probes.tagged_identity import Identity, identify


class Examined:
    """Parts of a data set in their order: training, then the others.

    Args:
        part: what gave them.
        found: the parts.
        steps: what the lines of the program gave.
        raw: inputs and labels as they were before; None where that is not known.
    """

    def __init__(self, part: Part, situation: Situation, found: list[Portion], steps: list[Step], raw):
        self.part, self.situation, self.found, self.steps, self.raw = part, situation, found, steps, raw
        self.symptom = functools.partial(Symptom, role=part.role)
        self.known: list[Identity | None] = [None] * len(found)
        if raw is not None:
            self.known = [self.identity(piece.inputs) for piece in found]

    def identity(self, array: np.ndarray) -> Identity | None:
        raw, _ = self.raw
        for like in enlarged(raw, widths(array)):
            found = identify(like, array, images=array.ndim > 2)
            if found is not None:
                return found
        return None

    def made(self, wanted) -> int:
        return first_line(self.steps, wanted) or last_return(self.steps)


def enlarged(raw: np.ndarray, width: int) -> list[np.ndarray]:
    """Raw examples at another size: pictures of 8×8 as the references and most programs enlarge them."""
    found = [raw]
    if raw.ndim == 2 and raw.shape[1] == 64:
        small = raw.reshape(-1, 8, 8)
        found += [small, np.pad(small.repeat(3, 1).repeat(3, 2), ((0, 0), (2, 2), (2, 2)))[..., None]]
        found += [np.pad(small.repeat(4, 1).repeat(4, 2), ((0, 0), (0, 0), (0, 0)))[..., None]]
    return [array for array in found if widths(array) == width]
