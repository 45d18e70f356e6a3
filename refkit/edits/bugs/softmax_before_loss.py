"""Probabilities into a loss on logits."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Insert, Remove, Replace, SeveralUnits
from refkit.edits.places import CHOSEN, CLASSES, CROSS_ENTROPY, GUARDED, LAST, OF_ONE_UNIT, SIGMOID

IN_LOSS = {"softmax in the loss": "nnx.softmax(logits)", "sigmoid in the loss": "nnx.sigmoid(logits)"}
OF_PROBABILITIES = CROSS_ENTROPY.replace("logits", "probabilities")
BINARY = SIGMOID.replace("logits", "probabilities")
BINARY_INSIDE = SIGMOID.replace("logits[..., 0]", "nnx.sigmoid(logits[..., 0])")
LOG_LOSS = f"losses = -jnp.log({GUARDED})"


def edits(reference: str, options: dict[str, str]) -> list[Edit]:
    last = f"x = self.{LAST[reference]}(x)"
    several = SeveralUnits(LAST[reference])
    found = []
    for where, what in IN_LOSS.items():
        new = CROSS_ENTROPY.replace("(logits,", f"({what},")
        found.append(Edit(reference, (several, Replace(CROSS_ENTROPY, new)), options, visible=new, where=where))
        new = f"x = {what.replace('logits', 'x')}"
        change = Insert(last, f"{new}  # f32[batch, classes]")
        place = where.replace("loss", "model")
        found.append(Edit(reference, (several, change), options, visible=new, where=place, rung="forward"))
    # The same where the probabilities that the model gives have been found to be a choice.
    given = (Remove(CHOSEN), Replace(LOG_LOSS, OF_PROBABILITIES))
    place = "loss on logits of the model's softmax"
    found.append(Edit(reference, given, options | {"output": "softmax"}, visible=OF_PROBABILITIES, where=place))
    binary = {"loss": "sigmoid"}
    change = Insert(last, "x = nnx.sigmoid(x)  # f32[batch, 1]")
    given = (Remove(OF_ONE_UNIT), Replace(LOG_LOSS, BINARY))
    place = "loss on logits of the model's sigmoid"
    return [
        *found,
        Edit(reference, (change,), binary, "x = nnx.sigmoid(x)", "sigmoid of one unit in the model", "forward"),
        Edit(reference, (Replace(SIGMOID, BINARY_INSIDE),), binary, BINARY_INSIDE, "sigmoid of one unit in the loss"),
        Edit(reference, given, binary | {"output": "sigmoid"}, visible=BINARY, where=place),
    ]


BUG = Bug(
    id="softmax-before-loss",
    group="loss",
    rung="loss",
    what="Probabilities go into a loss that expects logits: the softmax or sigmoid is taken twice.",
    shows="The loss starts near ln C as it should and cannot go below 1.461 for 10 classes, or 0.313 for 2, however "
    "good the model.",
    harm="Gradients shrink as the model becomes sure, so it learns slowly and stays unsure, with an accuracy that "
    "looks plausible.",
    mend="Return logits and leave the softmax to the loss; apply it for display alone.",
    edits=tuple(edit for reference, options in CLASSES.items() for edit in edits(reference, options)),
    alike=("activation-on-logits",),
    blames="operand",
)
