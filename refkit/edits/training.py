"""The train step's lines in the references, for edits of it."""

from refkit.edits.edit import Edit, Insert, Replace

REFERENCES = ("mlp", "lenet", "lstm", "multimodal")
BATCH = {"mlp": "x, labels", "lenet": "x, labels", "lstm": "x, targets", "multimodal": "*batch"}
STEP = "@nnx.jit\ndef train_step("
UPDATE = "optimizer.update(model, grads)"
TRANSFORMATION = "optax.adam(config.learning_rate)"
RETURNED = "    optimizer.update(model, grads)\n    return loss\n"
EPOCH = "for epoch in range(config.epochs):"
DROPOUT = {reference: {"dropout": "0.5"} for reference in REFERENCES}


def gradient(reference: str) -> str:
    """The line of the train step that takes the gradient."""
    return f"loss, grads = nnx.value_and_grad(loss_fn)(model, {BATCH[reference]})"


def update_edits(new: str, where: str, visible: str = "", rung: str = "") -> tuple[Edit, ...]:
    """In each reference the line that updates the parameters, replaced."""
    return tuple(Edit(r, (Replace(UPDATE, new),), visible=visible or new, where=where, rung=rung) for r in REFERENCES)


def optimizer_edits(new: str, where: str, comment: str = "") -> tuple[Edit, ...]:
    """In each reference the optax transformation, replaced.

    Args:
        comment: a line before it that says what is meant.
    """
    more = (Insert("return nnx.Optimizer(model,", comment, before=True),) if comment else ()
    return tuple(Edit(r, (*more, Replace(TRANSFORMATION, new)), visible=new, where=where) for r in REFERENCES)
