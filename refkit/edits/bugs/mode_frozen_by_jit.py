"""A flag read when the step is traced."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Insert, Replace
from refkit.edits.training import DROPOUT, REFERENCES, STEP

PRINTED = 'print(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}")'
READ = "if not training:"


def edit(reference: str) -> Edit:
    changes = (
        Insert(STEP, "training = False\n\n\n", before=True),
        Insert("    loss, grads = nnx", "if not training:\n    model.eval()", before=True),
        Replace("def main() -> None:\n", "def main() -> None:\n    global training\n"),
        Replace(PRINTED, f"{PRINTED}\ntraining = True"),
    )
    return Edit(reference, changes, DROPOUT[reference], visible=READ, where="a flag that the loop sets")


BUG = Bug(
    id="mode-frozen-by-jit",
    group="mode",
    rung="train-eval",
    what="A Python flag outside of the function says the mode, and a jitted function reads it.",
    shows="The mode is that of the first call, whatever the flag says later.",
    harm="Training runs in evaluation mode or evaluation in training mode, without a sign of it.",
    mend="Pass the mode as an argument, static or part of the module.",
    edits=tuple(edit(reference) for reference in REFERENCES),
    alike=("stale-closure", "dropout-never-active"),
)
