"""LSTMs on top of one another."""

import itertools

from refkit.edits.choice import Choice
from refkit.edits.edit import Edit, Insert, Rewrite, SetField
from refkit.edits.values import whole_number, whole_numbers

MOST = 4


def stacked(reference: str, cells: list[str]) -> list:
    """Further cells, each running over the states of the one before."""
    changes = []
    built, ran = "self.cell = LSTMCell(", "states = run(self.cell, x)"
    for k, cell in enumerate(cells, start=2):
        run = f"states = run(self.cell{k}, states)"
        changes += [Insert(built, f"self.cell{k} = {cell}"), Insert(ran, f"{run}  # f32[batch, time, hidden]")]
        built, ran = f"self.cell{k} = ", run
    return changes


def layers_edit(reference: str, value: str) -> Edit | None:
    layers = whole_number("layers", value)
    if layers == 1:
        return None
    return Edit(
        reference,
        tuple(stacked(reference, ["LSTMCell(config.hidden, config, rngs)"] * (layers - 1))),
        where=f"layers {value}",
    )


def hidden_edit(value: str) -> Edit | None:
    """One width, or one for each of several layers."""
    widths = whole_numbers("hidden", value, most=MOST)
    if widths == (128,):
        return None
    cells = [
        f"LSTMCell({before}, dataclasses.replace(config, hidden={width}), rngs)"
        for before, width in itertools.pairwise(widths)
    ]
    changes = [SetField("hidden", str(widths[0])), *stacked("lstm", cells)]
    if cells:
        changes.append(
            Rewrite(r"self\.outputs = nnx\.Linear\(config\.hidden,", f"self.outputs = nnx.Linear({widths[-1]},")
        )
    return Edit("lstm", tuple(changes), where=f"hidden {value}")


LAYERS = (
    Choice(
        "hidden",
        "lstm",
        ("128", "<int>", "<int>-<int>-…"),
        hidden_edit,
        "units of the state; several numbers stack that many layers",
        found_by="structure",
    ),
    *(
        Choice(
            "layers",
            reference,
            ("1", "2", "<int>"),
            lambda value, reference=reference: layers_edit(reference, value),
            "LSTMs on top of one another",
            found_by="structure",
        )
        for reference in ("lstm", "multimodal")
    ),
)
