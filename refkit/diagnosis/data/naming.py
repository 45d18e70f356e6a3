"""From a symptom to the known bug whose edit of the reference shows it."""

import ast
import functools
import re
import types
from collections.abc import Iterator

from refkit.adapters.parts.batches import batches_part
from refkit.adapters.parts.made import made_part
from refkit.adapters.parts.preprocess import preprocess_part
from refkit.adapters.parts.sources import recorded
from refkit.adapters.parts.split import split_part
from refkit.diagnosis.data.observing import observe
from refkit.diagnosis.data.situation import Situation
from refkit.diagnosis.data.symptom import Symptom
from refkit.edits.bug import Bug
from refkit.edits.catalogue import bugs_for, edited_source
from refkit.edits.edit import Edit, EditError
from refkit.implementation import Input, Part

MAKERS = {
    "preprocess": ("preprocess", preprocess_part),
    "batches": ("batches", batches_part),
    "split": ("split", split_part),
    "load": ("load_data", split_part),
}
TIME, WIDTH, IDS = 20, 6, 24
INPUTS = {
    "mlp": (Input("x", "features", (30,)),),
    "lenet": (Input("x", "image", (28, 28, 1)),),
    "lstm": (Input("x", "sequence", (TIME, 2)),),
    "multimodal": (Input("image", "image", (28, 28, 1)), Input("words", "tokens", (WIDTH,), "int32", 14)),
}
OUTPUTS = {"mlp": 2, "lenet": 10, "lstm": 1, "multimodal": 5}
FUNCTION = r"^def {}\(.*?(?=^def |^class |^@|^[A-Za-z]|\Z)"


def named(symptom: Symptom, reference: str) -> list[tuple[Bug, float]]:
    """The known bugs that show a symptom, each with its distance: 0 where the edit shows this and nothing else.

    Edits of the same part are asked first, those of others where none of them shows it.
    """
    every = data_edits(reference)
    near = [(bug, edit) for bug, edit in every if touches(edit, symptom.role)]
    rest = [pair for pair in every if pair not in near]
    others = [
        (bug, edit)
        for other in OUTPUTS
        if other != reference
        for bug, edit in bugs_for(other)
        if bug.rung_of(edit) == "data"
    ]
    return showing(symptom, near) or showing(symptom, rest) or showing(symptom, others)


def showing(symptom: Symptom, edits: list[tuple[Bug, Edit]]) -> list[tuple[Bug, float]]:
    found: dict[str, tuple[tuple, Bug, float]] = {}
    for bug, edit in edits:
        shown = symptoms_of(edit)
        kinds = {other.kind for other in shown}
        if symptom.kind not in kinds:
            continue
        distance = float(len(kinds) - 1)
        same_part = any(other.role == symptom.role for other in shown)
        rank = (distance, not same_part)
        if bug.id not in found or rank < found[bug.id][0]:
            found[bug.id] = (rank, bug, distance)
    return [(bug, distance) for _, bug, distance in sorted(found.values(), key=lambda item: item[0])]


def touches(edit: Edit, role: str) -> bool:
    """Whether an edit changes the reference's part of a role."""
    try:
        source, before = (edited_source(edit.reference, edit.options, edits) for edits in ((edit,), ()))
    except EditError:
        return False
    names = {name for key, (name, _) in MAKERS.items() if key == role}
    return any(text_of(name, source) != text_of(name, before) for name in names)


def data_edits(reference: str) -> list[tuple[Bug, Edit]]:
    """The edits of a reference that this rung must catch."""
    return [(bug, edit) for bug, edit in bugs_for(reference) if bug.rung_of(edit) == "data"]


def symptoms_of(edit: Edit) -> tuple[Symptom, ...]:
    """What an edited reference shows in the parts that the edit touches."""
    try:
        source = edited_source(edit.reference, edit.options, (edit,))
    except EditError:
        return ()
    return symptoms_in(edit.reference, source, tuple(edit.options.items()))


@functools.cache
def symptoms_in(reference: str, source: str, options: tuple[tuple[str, str], ...]) -> tuple[Symptom, ...]:
    """What a reference's edited source shows in the parts in which it differs."""
    before = edited_source(reference, dict(options))
    situation = situation_of(reference, dict(options), source)
    return tuple(
        symptom
        for part in parts_of_reference(reference, source, before)
        for symptom in observe(part, situation, reference_sources).symptoms
    )


def reference_sources():
    """The data sets that a reference reads when it loads."""
    return recorded([])


def parts_of_reference(reference: str, source: str, before: str = "") -> Iterator[Part]:
    """The parts of an edited reference that are not what they were before."""
    module = module_of(reference, source)
    touched = [name for name, _ in MAKERS.values() if text_of(name, source) != text_of(name, before)]
    if not touched and "load_data" in module.__dict__:
        touched = ["load_data"]
    if not touched or text_of("main", source) != text_of("main", before):
        yield made_part(module.__dict__.__getitem__, ast.parse(source))
    for name, make in MAKERS.values():
        function = module.__dict__.get(name)
        if function is not None and name in touched:
            yield make(function, name, function.__code__.co_firstlineno)


def module_of(reference: str, source: str) -> types.ModuleType:
    module = types.ModuleType(f"refkit_reference_{reference}")
    exec(compile(source, file_of(reference), "exec"), module.__dict__)
    return module


def file_of(reference: str) -> str:
    return f"{reference}.py (reference)"


def text_of(name: str, source: str) -> str:
    found = re.search(FUNCTION.format(name), source, flags=re.MULTILINE | re.DOTALL)
    return found[0] if found else ""


def situation_of(reference: str, options: dict[str, str], source: str) -> Situation:
    """What a reference's parts are tried with."""
    inputs, regression = INPUTS[reference], reference == "lstm" or options.get("loss") == "mse"
    if "embedding" in options:
        inputs = (Input("x", "tokens", (TIME,), "int32", int(options["embedding"].partition("x")[0])),)
    return Situation(reference, inputs, OUTPUTS[reference], regression, file_of(reference), source)
