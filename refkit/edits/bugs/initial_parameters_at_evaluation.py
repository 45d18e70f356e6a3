"""The model as it was before training is scored."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Insert, Replace
from refkit.edits.scores import in_main

CREATED = "optimizer = make_optimizer(model, config)"


def change(score):
    new = score.evaluated.replace("(model,", "(initial,")
    return (Insert(CREATED, "initial = nnx.clone(model)"), Replace(score.evaluated, new)), new


BUG = Bug(
    id="initial-parameters-at-evaluation",
    group="mode",
    rung="metric",
    what="The evaluation uses the parameters from before training, not those that the training steps returned.",
    shows="The loss falls and the score stays where chance has it, the same at every epoch.",
    harm="Training seems to fail where it works; the score says nothing of the trained model.",
    mend="Evaluate with the state that the last training step returned.",
    edits=tuple(in_main(change, "a model kept from before training")),
)
