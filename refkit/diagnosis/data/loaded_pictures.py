"""How pictures that a program loads are scaled, part by part."""

import re

import numpy as np

from refkit.diagnosis.data.parts_of_data import Portion
from refkit.diagnosis.data.places import line_of
from refkit.diagnosis.data.recording import Step, last_return
from refkit.diagnosis.data.symptom import Symptom
from refkit.implementation import Part

SCALES = re.compile(
    r"/ ?\(?(\w+\.)*(float\w*\()?(255|256|127\.5)|255\.?0?\b *\)? *\*|1\.?0? ?/ ?25[56]|0\.1307|normali[sz]|standardi[sz]|rescal"
    r"|\.std\(|\.max\(|scaler|totensor|preprocess",
    re.IGNORECASE,
)
APART = 20.0  # times as large
BYTES = 100.0


def of_pictures(part: Part, found: list[Portion], steps: list[Step], source: str) -> list[Symptom]:
    """Pictures that are loaded as bytes and that nothing in the file scales, or that only one part's are.

    Args:
        found: training examples first.
        source: the file's text.
    """
    if not getattr(part.run, "loads", False):
        return []
    largest = [float(np.abs(piece.inputs).max()) for piece in found[:2] if piece.inputs.size]
    if len(largest) > 1 and max(largest) > APART * min(largest) > 0:
        line = line_of(steps, found[int(np.argmax(largest))].inputs, source) or last_return(steps)
        message = f"training examples come out up to {largest[0]:.3g}, test examples up to {largest[1]:.3g}"
        return [Symptom("parts differ", part.role, message, line)]
    if largest and min(largest) > BYTES and not SCALES.search(source):
        line = line_of(steps, found[0].inputs, source) or last_return(steps)
        message = f"pixels come out up to {largest[0]:.3g}, and nothing in the file scales them"
        return [Symptom("unscaled", part.role, message, line)]
    return []
