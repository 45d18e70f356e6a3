"""What is added to the loss, or taken from its targets, against overfitting."""

import re

from refkit.edits.choice import Choice
from refkit.edits.edit import Edit, Insert, Replace, Rewrite
from refkit.edits.places import CLASSES, CROSS_ENTROPY, ONE_HOT
from refkit.edits.values import real_number
from refkit.errors import RefkitError

LEAVES = "for leaf in jax.tree.leaves(nnx.state(model, nnx.Param))"
PENALTIES = {
    "l2": ("(leaf**2).sum()", ""),
    "half-l2": ("(leaf**2).sum() / 2", ""),
    "l2-kernels": ("(leaf**2).sum()", " if leaf.ndim > 1"),
    "half-l2-kernels": ("(leaf**2).sum() / 2", " if leaf.ndim > 1"),
    "l1": ("jnp.abs(leaf).sum()", ""),
    "l1-kernels": ("jnp.abs(leaf).sum()", " if leaf.ndim > 1"),
}
WEIGHTS = ("1e-2", "1e-3", "5e-4", "1e-4", "1e-5")
SMOOTHED = "losses = optax.softmax_cross_entropy(logits, optax.smooth_labels(classes, {rate:g}))"


def penalty_edit(reference: str, value: str) -> Edit | None:
    if value == "none":
        return None
    found = re.fullmatch(rf"({'|'.join(PENALTIES)})-([\d.e-]+)", value)
    if not found:
        kinds = ", ".join(f"`{name}-1e-4`" for name in PENALTIES)
        raise RefkitError(f"option `penalty` was given `{value}`: give its kind and weight, one of {kinds}")
    term, which = PENALTIES[found[1]]
    weight = real_number("penalty", found[2], 0, 1)
    line = f"penalty = sum({term} {LEAVES}{which})  # f32[]"
    changes = (
        Insert("  # f32[]", line, before=True),
        Rewrite(r"^(    return .*)  # f32\[\]$", rf"\1 + {weight:g} * penalty  # f32[]"),
    )
    return Edit(reference, changes, where=f"penalty {value}")


def smoothing_edit(reference: str, value: str) -> Edit | None:
    rate = real_number("smoothing", value, 0, 0.9)
    if rate == 0:
        return None
    change = Replace(CROSS_ENTROPY, ONE_HOT + SMOOTHED.format(rate=rate))
    return Edit(reference, (change,), CLASSES[reference], where=f"smoothing {value}")


REGULARIZATION = tuple(
    choice
    for reference in CLASSES
    for choice in (
        Choice(
            "smoothing",
            reference,
            ("0", "0.1", "0.05", "0.2", "<number>"),
            lambda value, reference=reference: smoothing_edit(reference, value),
            "share of each label that is spread over all classes",
        ),
        Choice(
            "penalty",
            reference,
            ("none", *(f"{kind}-{weight}" for kind in PENALTIES for weight in WEIGHTS)),
            lambda value, reference=reference: penalty_edit(reference, value),
            "the sum of squares (or sizes) of all parameters, or of kernels alone, added to the loss, and its weight",
        ),
    )
)
