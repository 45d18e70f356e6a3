"""Evaluation mode left on."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Insert, Replace
from refkit.edits.training import DROPOUT, REFERENCES

EVALUATED = "model.eval()  # for the accuracy"
SCORED = {
    "mlp": "accuracy(model, preprocess(test_x, x), test_labels)",
    "lenet": "accuracy(model, preprocess(test_x), test_labels)",
    "lstm": "accuracy(model, preprocess(test_x), test_targets)",
    "multimodal": "accuracy(model, preprocess(test[0]), *test[1:])",
}
PREDICTED = {
    "mlp": "    predictions = model(jnp.asarray(x)).argmax(axis=-1)",
    "lenet": "    predictions = model(jnp.asarray(x)).argmax(axis=-1)",
    "lstm": "    return 1 - share_wrong(model, x, targets)",
    "multimodal": "    return float((model(jnp.asarray(image)",
}
PRINTED = 'print(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}")'


def edit(reference: str) -> Edit:
    changes = (
        Insert(PREDICTED[reference], EVALUATED, before=True),
        Replace(PRINTED, f"{PRINTED}\n{SCORED[reference]}"),
    )
    return Edit(reference, changes, DROPOUT[reference], visible=EVALUATED, where="after the first evaluation")


BUG = Bug(
    id="mode-not-restored",
    group="mode",
    rung="train-eval",
    what="Evaluation sets the mode of the model, and the next epoch trains in it.",
    shows="From the second epoch on training has no dropout, and running statistics stand still.",
    harm="All but the first epoch train another network than the one that is meant.",
    mend="Set training mode at the start of every epoch, or evaluate a view of the model.",
    edits=tuple(edit(reference) for reference in REFERENCES),
    alike=("dropout-never-active",),
)
