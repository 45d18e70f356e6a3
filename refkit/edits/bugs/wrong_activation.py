"""A nonlinearity that does not belong in its place."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.places import LAYERS

# Each gate of the cell as it is and as it should not be.
GATES = {
    "input gate": ("i = nnx.sigmoid(self.input_x(x)", "i = nnx.tanh(self.input_x(x)"),
    "forget gate": ("f = nnx.sigmoid(self.forget_x(x)", "f = nnx.tanh(self.forget_x(x)"),
    "output gate": ("o = nnx.sigmoid(self.output_x(x)", "o = nnx.tanh(self.output_x(x)"),
    "candidate": ("g = activation(self.cell_x(x)", "g = nnx.sigmoid(self.cell_x(x)"),
    "state": ("h = o * activation(c)", "h = o * nnx.sigmoid(c)"),
}
OTHERS = {
    "input gate without sigmoid": ("i = nnx.sigmoid(self.input_x(x)", "i = (self.input_x(x)"),
    "forget gate without sigmoid": ("f = nnx.sigmoid(self.forget_x(x)", "f = (self.forget_x(x)"),
    "output gate without sigmoid": ("o = nnx.sigmoid(self.output_x(x)", "o = (self.output_x(x)"),
    "candidate without tanh": ("g = activation(self.cell_x(x)", "g = (self.cell_x(x)"),
    "input gate through a softmax": ("i = nnx.sigmoid(self.input_x(x)", "i = nnx.softmax(self.input_x(x)"),
    "output gate through a softmax": ("o = nnx.sigmoid(self.output_x(x)", "o = nnx.softmax(self.output_x(x)"),
    "input gate through a ReLU": ("i = nnx.sigmoid(self.input_x(x)", "i = nnx.relu(self.input_x(x)"),
    "forget gate through a ReLU": ("f = nnx.sigmoid(self.forget_x(x)", "f = nnx.relu(self.forget_x(x)"),
    "output gate through a ReLU": ("o = nnx.sigmoid(self.output_x(x)", "o = nnx.relu(self.output_x(x)"),
    "candidate through a ReLU": ("g = activation(self.cell_x(x)", "g = nnx.relu(self.cell_x(x)"),
    "carried state squashed": ("c = f * c + i * g", "c = activation(f * c + i * g)"),
}


def gate_edits(reference: str) -> list[Edit]:
    edits = [
        Edit(reference, (Replace(old, new),), visible=new, where=place)
        for place, (old, new) in (GATES | OTHERS).items()
    ]
    all_gates = tuple(Replace(*GATES[gate]) for gate in ("input gate", "forget gate", "output gate"))
    edits.append(Edit(reference, all_gates, visible=GATES["input gate"][1], where="all three gates"))
    exchanged = tuple(
        Replace(*GATES[place]) for place in ("input gate", "forget gate", "output gate", "candidate", "state")
    )
    edits.append(
        Edit(reference, exchanged, visible=GATES["input gate"][1], where="tanh and sigmoid exchanged throughout")
    )
    return edits


def hidden_edits() -> list[Edit]:
    edits = []
    for layer in LAYERS:
        if not layer.activation:
            continue
        for name, function in (("softmax", "nnx.softmax"), ("log-softmax", "nnx.log_softmax")):
            new = layer.activation.replace("activation(", f"{function}(")
            edits.append(
                Edit(
                    layer.reference,
                    (Replace(layer.activation, new),),
                    layer.options,
                    visible=new,
                    where=f"{name} after {layer.name}",
                )
            )
    return edits


BUG = Bug(
    id="wrong-activation",
    group="architecture",
    rung="forward",
    what="A nonlinearity stands where another belongs: a softmax in a hidden layer, a tanh or ReLU for a gate's "
    "sigmoid, a sigmoid for the candidate's tanh.",
    shows="The values depart at the activation's own line: a gate leaves the range from 0 to 1, or a hidden layer's "
    "units sum to 1.",
    harm="A gate outside 0 to 1 no longer weighs what it lets through, a candidate without sign can only add, and "
    "units made to compete by a softmax carry almost no signal.",
    mend="Use the sigmoid for the gates, tanh for the candidate and the state, and an elementwise nonlinearity in "
    "hidden layers.",
    edits=(*hidden_edits(), *gate_edits("lstm"), *gate_edits("multimodal")),
    alike=("gates-swapped",),
)
