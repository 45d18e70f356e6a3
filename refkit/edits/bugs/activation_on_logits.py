"""A nonlinearity on the last layer."""

from refkit.edits.bug import Bug
from refkit.edits.choices.activation import ACTIVATIONS
from refkit.edits.edit import Edit, Insert
from refkit.edits.places import LAST


def called(function: str) -> str:
    """The function's text as it is called: a lambda in parentheses."""
    return f"({function})" if function.startswith("lambda") else function


BUG = Bug(
    id="activation-on-logits",
    group="loss",
    rung="forward",
    what="The last layer's output passes through a ReLU, tanh, sigmoid or the like before a loss that takes any "
    "number.",
    shows="The outputs stay in the activation's range; under ReLU a class whose logits are all negative has no "
    "gradient at all.",
    harm="Logits that cannot go below 0 or beyond 1 cannot say that a class is out of the question: the loss has a "
    "floor, and units die.",
    mend="Return the last layer's output as it is and leave the rest to the loss.",
    edits=tuple(
        Edit(
            reference,
            (Insert(f"x = self.{last}(x)", f"x = {called(function)}(x)  # f32[batch, {last}]"),),
            visible=f"x = {called(function)}(x)",
            where=f"{name} after {last}",
        )
        for reference, last in LAST.items()
        for name, function in ACTIVATIONS.items()
    ),
    alike=("wrong-activation",),
)
