"""Logits where probabilities are expected."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.places import CLASSES, CROSS_ENTROPY, ONE_HOT, SIGMOID

CHOSEN = "chosen = jnp.take_along_axis(logits, labels[..., None], axis=-1)[..., 0]  # f32[batch]\n"
EPSILONS = ("1e-6", "1e-7", "1e-8", "1e-10", "1e-12")
# The guards that people put into the logarithm of a probability.
GUARDS = {
    "": "{0}",
    ", clipped by {1}": "jnp.clip({0}, {1}, 1 - {1})",
    ", from {1} on": "jnp.maximum({0}, {1})",
    ", clipped from {1} to 1": "jnp.clip({0}, {1}, 1)",
    " and {1}": "{0} + {1}",
}
LOGARITHMS = {
    "logarithm of the logits": (CHOSEN, "losses = -jnp.log({})", "chosen"),
    "logarithm of every logit": (ONE_HOT, "losses = -(classes * jnp.log({})).sum(axis=-1)", "logits"),
}
LINEAR = {
    "logits for log-probabilities": (CHOSEN, "losses = -chosen"),
    "logits for log-probabilities, averaged over classes": (ONE_HOT, "losses = -(classes * logits).mean(axis=-1)"),
}
ONE_UNIT = "losses = -(labels * jnp.log(p) + (1 - labels) * jnp.log(1 - p))"


def guarded(what: str, place: str) -> list[tuple[str, str]]:
    """The expression under each guard, with the place's words."""
    found = []
    for words, guard in GUARDS.items():
        for epsilon in EPSILONS if words else ("",):
            found.append((guard.format(what, epsilon), place + words.format("", epsilon)))
    return found


def edits(reference: str, options: dict[str, str]) -> list[Edit]:
    found = []
    for place, (before, line, what) in LOGARITHMS.items():
        for value, where in guarded(what, place):
            new = line.format(value)
            found.append(Edit(reference, (Replace(CROSS_ENTROPY, before + new),), options, visible=new, where=where))
    for where, (before, line) in LINEAR.items():
        found.append(Edit(reference, (Replace(CROSS_ENTROPY, before + line),), options, visible=line, where=where))
    new, where = "x = jnp.log(x)", "logarithm of the logits in the model"
    change = Replace("x = nnx.log_softmax(x)", new)
    return [*found, Edit(reference, (change,), options | {"output": "log-softmax"}, new, where, rung="forward")]


def one_unit_edits(reference: str) -> list[Edit]:
    found = []
    for value, where in guarded("logits[..., 0]", "logarithm of the logit"):
        change = Replace(SIGMOID, f"p = {value}  # f32[batch]\n{ONE_UNIT}")
        found.append(Edit(reference, (change,), {"loss": "sigmoid"}, visible=ONE_UNIT, where=where))
    return found


BUG = Bug(
    id="logits-into-log-loss",
    group="loss",
    rung="loss",
    what="Logits go into a loss that takes the logarithm of probabilities, or that expects log-probabilities.",
    shows="The loss is NaN where a logit is negative, or negative itself and falling without bound, or stuck at the "
    "clip's edge.",
    harm="The loss has no meaning for numbers that are not probabilities: it is NaN at once, or rewards logits for "
    "growing.",
    mend="Use the loss on logits, or take `log_softmax` first.",
    edits=(
        *(edit for reference, options in CLASSES.items() for edit in edits(reference, options)),
        *(edit for reference in ("mlp", "lstm") for edit in one_unit_edits(reference)),
    ),
)
