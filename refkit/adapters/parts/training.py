"""What was heard of the program's own training, and as a part its schedules and the lengths of its loops."""

import ast
import dataclasses

from refkit.adapters.expressions import name_of
from refkit.adapters.own_training.calls import Training
from refkit.adapters.own_training.rhythm import SCHEDULES, Rhythm
from refkit.adapters.parts.slices import Slices
from refkit.adapters.parts.surroundings import Surroundings
from refkit.implementation import Part


def training_heard(surroundings: Surroundings) -> Training | None:
    """What was heard of the one run of the program's own training; None where it cannot be run."""
    part = surroundings.part("train")
    return part.run.heard() if part.run is not None else None


def adapt_rhythm(surroundings: Surroundings) -> Part:
    """`part.run()` gives the `Rhythm`: what the program's own run has shown, and schedules that the file makes."""
    tree = surroundings.evidence.tree
    made = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and name_of(node.func) in SCHEDULES]
    if not made:
        return Part("rhythm", lacking="the file has no schedule")
    heard = training_heard(surroundings)
    rhythm = heard.rhythm if heard is not None else Rhythm()
    slices, schedules = Slices(surroundings), dict(rhythm.schedules)
    for node in made:
        lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        if not any(line in schedules for line in lines):
            try:
                schedules[node.lineno] = slices.value(node, node, {})
            except Exception:  # noqa: BLE001: the file's own statements may want anything
                continue
    found = dataclasses.replace(rhythm, schedules=schedules)
    return Part("rhythm", "the training loop", lambda: found)
