"""The cell state where the hidden state is meant."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Insert, Replace

STEP, CELL, CALL = "return (c, h), h", "return c, h\n", "c, h = cell(*state, x_t)"
GATES = ("self.input_h(h)", "self.forget_h(h)", "self.cell_h(h)", "self.output_h(h)")
AFTER_GATES = "c = f * c + i * g"


RUN_CELLS = '''def run_cells(cell: LSTMCell, x: jax.Array) -> jax.Array:
    """The cell state after every step, from a state of zeros."""

    def step(state, x_t):
        state = cell(*state, x_t)
        return state, state[0]

    zeros = jnp.zeros((x.shape[0], cell.config.hidden))
    return jax.lax.scan(step, (zeros, zeros), x.swapaxes(0, 1))[1].swapaxes(0, 1)


'''
# Which of several LSTMs gives its cell state.
ONE_OF_SEVERAL = {
    "states of the first or only LSTM": ("states = run(self.cell, x)", {}),
    "backward direction alone": ("backward = run(self.backward, x", {"bidirectional": "true"}),
    "second layer alone": ("states = run(self.cell2, states)", {"layers": "2"}),
    "third layer alone": ("states = run(self.cell3, states)", {"layers": "3"}),
}


def one_of_several(reference: str) -> list[Edit]:
    define = Insert("def loss_fn(", RUN_CELLS + "\n", before=True)
    found = []
    for where, (old, options) in ONE_OF_SEVERAL.items():
        new = old.replace("run(", "run_cells(")
        found.append(Edit(reference, (Replace(old, new), define), options, visible=new, where=where))
    return found


def edits(reference: str) -> list[Edit]:
    states = Replace(STEP, "return (c, h), c")
    swapped = Replace(STEP, "return (h, c), h")
    returned = Replace(CELL, "return h, c\n")
    taken = Replace(CALL, "c, h = cell(*state[::-1], x_t)")
    from_c = tuple(Replace(gate, gate.replace("(h)", "(c)")) for gate in GATES)
    return [
        Edit(reference, (states,), visible="return (c, h), c", where="states given on"),
        Edit(reference, (swapped,), visible="return (h, c), h", where="the two states exchanged in the carry"),
        Edit(reference, (returned,), visible="return h, c", where="the two states exchanged in what the cell returns"),
        Edit(
            reference, (taken,), visible="c, h = cell(*state[::-1], x_t)", where="the two states exchanged for the cell"
        ),
        Edit(reference, (Replace(STEP, "return (c, c), c"),), visible="return (c, c), c", where="carried and given on"),
        Edit(reference, (Replace(STEP, "return (c, c), h"),), visible="return (c, c), h", where="carried"),
        Edit(
            reference,
            (Replace(STEP, "return (h, h), h"),),
            visible="return (h, h), h",
            where="hidden state for the cell state",
        ),
        Edit(reference, from_c, visible="i = nnx.sigmoid(", where="the gates see the cell state"),
    ]


BUG = Bug(
    id="cell-returned-for-hidden",
    group="architecture",
    rung="forward",
    what="The cell state c stands where the hidden state h is meant, or the two change places from step to step.",
    shows="Gates and states of the first step agree; what is given on, or the second step, is the other of the two.",
    harm="The output gate has no effect on what leaves the cell, and unbounded values go into the layers above.",
    blames="return",
    mend="Give h on and carry both in one order; see which comes first in the cell at hand, since libraries differ.",
    edits=(*edits("lstm"), *one_of_several("lstm"), *edits("multimodal"), *one_of_several("multimodal")),
)
