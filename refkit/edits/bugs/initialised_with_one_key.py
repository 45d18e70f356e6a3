"""One random key for all layers."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Rewrite
from refkit.edits.places import LAST

CHANGE = Rewrite(r"rngs=rngs\b", "rngs=nnx.Rngs(0)", each=True)
# The second kernel is the first that is not independent.
SECOND = {
    "mlp": "self.outputs = nnx.Linear(",
    "lenet": "self.conv2 = nnx.Conv(",
    "lstm": "from_h = lambda: nnx.Linear(",
    "multimodal": "self.conv2 = nnx.Conv(",
}

BUG = Bug(
    id="initialised-with-one-key",
    group="initialisation",
    rung="initialization",
    what="All layers are drawn from the same random key.",
    shows="Layers of equal shape begin identical; layers of other shapes share their first numbers, up to scale.",
    harm="Layers that should be independent repeat one another, and the LSTM's four gates begin as one.",
    mend="Split the key, one for each layer, or hand one `nnx.Rngs` through all constructors.",
    edits=tuple(Edit(reference, (CHANGE,), visible=SECOND[reference], where="every layer") for reference in LAST),
    alike=("weights-shared", "key-reused"),
)
