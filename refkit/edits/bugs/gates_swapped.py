"""Gates of the LSTM used for one another."""

import itertools

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace

NAMES = {"i": "input gate", "f": "forget gate", "g": "candidate", "o": "output gate"}
USE_C, USE_H = "c = f * c + i * g", "h = o * activation(c)"
FROM_X = {"i": "self.input_x(x)", "f": "self.forget_x(x)", "g": "self.cell_x(x)", "o": "self.output_x(x)"}
FROM_H = {"i": "self.input_h(h)", "f": "self.forget_h(h)", "g": "self.cell_h(h)", "o": "self.output_h(h)"}
LINES = {"i": "i = nnx.sigmoid(", "f": "f = nnx.sigmoid(", "g": "g = activation(", "o": "o = nnx.sigmoid("}


def use_edits(reference: str) -> list[Edit]:
    """Every way to fill the four places in the two equations of the state with other gates."""
    edits, seen = [], set()
    for f, i, g, o in itertools.product("ifgo", repeat=4):
        places = (f, *sorted((i, g)), o)
        wrong = sum(used != meant for used, meant in zip((f, i, g, o), "figo", strict=True))
        permuted = len({f, i, g, o}) == 4
        # A permutation of names, or one gate in one other's place: nobody writes the rest.
        if places in seen or wrong == 0 or not (permuted or wrong == 1) or places == ("f", "g", "i", "o"):
            continue
        seen.add(places)
        changes, visible = [], ""
        for old, new in ((USE_C, f"c = {f} * c + {i} * {g}"), (USE_H, f"h = {o} * activation(c)")):
            if old != new:
                changes.append(Replace(old, new))
                visible = visible or new
        used = [
            f"{NAMES[used]} for {NAMES[meant]}"
            for used, meant in zip((f, i, g, o), "figo", strict=True)
            if used != meant
        ]
        edits.append(Edit(reference, tuple(changes), visible=visible, where=", ".join(used)))
    return edits


def half_edits(reference: str) -> list[Edit]:
    """Two gates exchanged in what comes from the input alone, or from the state: two orders in one fused kernel."""
    edits = []
    for one, other in itertools.combinations("ifgo", 2):
        for half, place in ((FROM_X, "input's"), (FROM_H, "state's")):
            changes = (Replace(half[one], "HELD"), Replace(half[other], half[one]), Replace("HELD", half[other]))
            # The cell's lines stand in this order; the first of the two is the first to depart.
            line = LINES[min(one, other, key="ifgo".index)]
            edits.append(
                Edit(
                    reference,
                    changes,
                    visible=line,
                    where=f"{NAMES[one]} and {NAMES[other]} exchanged in the {place} part",
                )
            )
    return edits


def source_edits(reference: str) -> list[Edit]:
    """One gate computed with the weights of another: the other's slice of a fused kernel, say."""
    edits = []
    for wrong, other in itertools.permutations("ifgo", 2):
        change = Replace(f"{FROM_X[wrong]} + {FROM_H[wrong]}", f"{FROM_X[other]} + {FROM_H[other]}")
        where = f"{NAMES[wrong]} from the {NAMES[other]}'s weights"
        edits.append(Edit(reference, (change,), visible=LINES[wrong], where=where))
    return edits


BUG = Bug(
    id="gates-swapped",
    group="architecture",
    rung="forward",
    what="The LSTM's gates are used for one another: input, forget and output gate or the candidate stand in each "
    "other's place.",
    shows="The gates' own values agree and the state made of them departs: the line that uses the gates, one after "
    "the swapped names.",
    harm="The cell still learns something, but forgets where it should write: long dependencies are lost, and a "
    "forget-gate bias or another model's weights do the wrong thing.",
    mend="Use the gates as the equations have them, c = f·c + i·g and h = o·tanh(c), and split fused kernels in one "
    "order.",
    edits=tuple(
        edit
        for reference in ("lstm", "multimodal")
        for edit in (*use_edits(reference), *source_edits(reference), *half_edits(reference))
    ),
    alike=("wrong-activation", "weights-shared"),
)
