"""The known bugs in the references' own files: every bug in every reference, one of its edits drawn, or all of them."""

import difflib
import random

from refkit.edits.bug import Bug
from refkit.edits.catalogue import REFERENCES, bugs_for, edited_source
from refkit.edits.edit import Edit
from refkit.subjects import BY_NAME
from tests.programs.measure import HERE, Case

SHORT = 20  # characters: a line such as `else:` is at many places
FOLDER = HERE.parents[1] / "refkit" / "references"


def registry_cases(seed: int = 0, every: bool = False) -> list[Case]:
    """A program for each bug of each reference.

    Args:
        seed: of the draw.
        every: all edits of a bug, not one.
    """
    groups: dict[tuple[str, str], list[tuple[Bug, Edit]]] = {}
    for reference in REFERENCES:
        for bug, edit in bugs_for(reference):
            groups.setdefault((reference, bug.id), []).append((bug, edit))
    generator = random.Random(seed)
    drawn = [pair for pairs in groups.values() for pair in (pairs if every else [generator.choice(pairs)])]
    return [case_of(bug, edit) for bug, edit in drawn]


def written(before: str, after: str) -> list[str]:
    """Whole lines that an edit has written: one of them is a right place, too."""
    marked = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line[2:] for line in marked if line.startswith("+ ") and len(line.strip()) > SHORT]


def case_of(bug: Bug, edit: Edit) -> Case:
    """The reference with the edit, beside the reference at the edit's options."""
    options = ",".join(f"{option}={value}" for option, value in edit.options.items())
    rung = bug.rung_of(edit)
    text = edited_source(edit.reference, edit.options, [edit])
    return Case(
        f"{edit.reference}/registry:{bug.id}:{edit.where}",
        FOLDER / f"{edit.reference}.py",
        edit.reference + (f":{options}" if options else ""),
        f":{BY_NAME[edit.reference].model}",
        text=text,
        id=bug.id,
        also=bug.alike,
        lines=(edit.visible, *written(edited_source(edit.reference, edit.options), text)),
        rung="" if rung in ("runs", "structure", "initialization", "forward", "loss", "gradients") else rung,
    )
