"""A second LSTM that reads the sequence from its end."""

import dataclasses
import re

from refkit.edits.choice import Choice
from refkit.edits.edit import Edit, EditError, Insert, Replace, Rewrite
from refkit.edits.values import one_of

CELL = re.compile(r"^ +self\.cell(?P<k>\d?) = LSTMCell\((?P<rest>.*)\)$", re.MULTILINE)
TAKEN = re.compile(r"^ +(?P<name>x|words_vector) = (?P<what>states.*?)  # .*$", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class ReadBackward:
    """Add a backward cell to each cell, and join the two directions' states."""

    manner: str

    def apply(self, source: str) -> str:
        if "lengths - 1" in source:
            raise EditError("the backward direction does not know of lengths")
        factor = 1 if self.manner == "sum" else 2
        cells = list(CELL.finditer(source))
        for cell in cells:
            k, rest = cell["k"], cell["rest"]
            given = "states" if k else "x"
            if k and factor == 2:
                wide = re.sub(r"^([^,]+),", r"2 * \1,", rest)
                source = Replace(cell[0], cell[0].replace(rest, wide)).apply(source)
                rest = wide
            source = Insert(f"self.cell{k} = LSTMCell(", f"self.backward{k} = LSTMCell({rest})").apply(source)
            # What a layer reads is needed twice, so a further layer's input gets the name of the first one's.
            source = source.replace(f"run(self.cell{k}, {given})", f"run(self.cell{k}, x)")
            source = Insert(
                f"states = run(self.cell{k}, x)",
                f"backward = run(self.backward{k}, x[:, ::-1])[:, ::-1]  # f32[batch, time, hidden]"
                + (
                    ""
                    if cell is cells[-1]
                    else f"\nx = {self.join('states', 'backward')}  # f32[batch, time, {factor} * hidden]"
                ),
            ).apply(source)
        taken = TAKEN.search(source)
        if taken is None:
            raise EditError("no line takes the LSTM's states")
        backward = taken["what"].replace("states", "backward")
        if self.manner != "last-step":
            backward = backward.replace("[:, -1]", "[:, 0]")
        name = taken["name"]
        source = Insert(taken[0], f"{name} = {self.join(name, backward)}  # f32[batch, {factor} * hidden]").apply(
            source
        )
        if factor == 1:
            return source
        if "self.dense1 = nnx.Linear(flat_features" in source or "self.logits = nnx.Linear(flat_features" in source:
            return Rewrite(
                r"flat_features\(config\) \+ config\.hidden", "flat_features(config) + 2 * config.hidden"
            ).apply(source)
        readout = "dense1" if "self.dense1 = " in source else "outputs"
        return Rewrite(rf"(self\.{readout} = nnx\.Linear\()([^,]+),", r"\g<1>2 * \2,").apply(source)

    def join(self, forward: str, backward: str) -> str:
        return (
            f"{forward} + {backward}" if self.manner == "sum" else f"jnp.concatenate([{forward}, {backward}], axis=-1)"
        )


def bidirectional_edit(reference: str, value: str) -> Edit | None:
    if one_of("bidirectional", value, ("false", "true", "last-step", "sum")) == "false":
        return None
    return Edit(reference, (ReadBackward(value),), where=f"bidirectional {value}")


BIDIRECTIONAL = tuple(
    Choice(
        "bidirectional",
        reference,
        ("false", "true", "last-step", "sum"),
        lambda value, reference=reference: bidirectional_edit(reference, value),
        "a second LSTM from the end, concatenated: each direction's own last state, with `last-step` both at the last "
        "step; `sum` adds them",
        found_by="structure",
    )
    for reference in ("lstm", "multimodal")
)
