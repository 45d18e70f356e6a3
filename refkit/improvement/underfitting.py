"""Against avoidable bias, in the guide's order."""

from refkit.improvement.item import Item
from refkit.improvement.move import BATCHES, DECAYS, DROPOUTS, RATES, SIZES, Move, nothing, times

PICTURES = ("lenet", "multimodal")

ITEMS = (
    Item(
        "a bigger model",
        "widen or deepen it until the training error falls; nothing else reduces bias as surely",
        moves=(Move(SIZES, times(2)),),
    ),
    Item(
        "less regularisation",
        "take away dropout, penalties and smoothed labels: they keep the model from the training examples",
        "the references have none by default: `dropout`, `penalty` and `smoothing` are options that you have set",
        (Move((*DROPOUTS, *DECAYS, "label_smoothing", "smoothing"), nothing),),
    ),
    Item(
        "error analysis",
        "look at training examples that are answered wrong: wrong labels and unreadable inputs are no bias of the model",
        "`improve PREDICTIONS` shows the worst and the slices",
    ),
    Item(
        "another architecture",
        "take one that is known to do better on such data, beginning with what costs one line",
        "beyond these: residual networks for pictures, attention or temporal convolutions for sequences",
        (
            Move(options={"lenet": ("pool", "max"), "multimodal": ("pool", "max"), "lstm": ("layers", "2")}),
            Move(options={"mlp": ("activation", "gelu"), "lstm": ("bidirectional", "true")}),
        ),
    ),
    Item(
        "tune hyper-parameters",
        "the learning rate first: too small a one looks like bias, too large a one, too",
        "`tune` searches them all",
        (Move(RATES, times(3)), Move(RATES, times(1 / 3)), Move(BATCHES, times(0.5))),
    ),
    Item(
        "more features",
        "give the model what a human would look at to answer",
        "the inputs: `features` of mlp and lstm, the channels in `image` of lenet and multimodal, follow from them",
    ),
)
