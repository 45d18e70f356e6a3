"""Against variance, in the guide's order."""

from refkit.improvement.augmenting import MOVED, NOISY
from refkit.improvement.item import Item
from refkit.improvement.move import BATCHES, DECAYS, DROPOUTS, EPOCHS, RATES, SIZES, Move, at_least, times

ITEMS = (
    Item(
        "more training examples",
        "nothing else reduces variance as surely; how much, half of those at hand tell",
        "label more of what the training examples are drawn from",
        (Move(share=0.5),),
    ),
    Item(
        "normalisation",
        "batch or layer normalisation steadies training and regularises a little",
        "a model without such an option (the lstm): normalise its inputs",
        (
            Move(options={name: ("batchnorm", "before") for name in ("mlp", "lenet", "multimodal")}),
            Move(options={name: ("layernorm", "before") for name in ("mlp", "lenet", "multimodal")}),
        ),
    ),
    Item(
        "data augmentation",
        "change training examples as the answer allows: shift and turn pictures, swap words, add noise to numbers",
        "`batches` of the reference's file, on the training examples alone",
        (Move(augmentations={"lenet": MOVED, "multimodal": MOVED, "mlp": NOISY}),),
    ),
    Item(
        "more regularisation",
        "dropout, a penalty on the weights, smoothed labels",
        moves=(
            Move(
                DROPOUTS, at_least(0.5), {name: ("dropout", "0.5") for name in ("mlp", "lenet", "lstm", "multimodal")}
            ),
            Move(
                DECAYS,
                at_least(1e-4),
                {name: ("penalty", "l2-1e-4") for name in ("mlp", "lenet", "lstm", "multimodal")},
            ),
        ),
    ),
    Item(
        "error analysis",
        "look at validation examples that are answered wrong: is there a kind of them that training hardly has",
        "`improve PREDICTIONS` shows the worst and the slices",
    ),
    Item(
        "another architecture",
        "take one that knows more of the data: convolutions for pictures, recurrence for sequences, weights trained elsewhere",
        "beyond these: a pretrained network, fine-tuned",
        (Move(options={"lenet": ("pool", "max"), "multimodal": ("pool", "max")}),),
    ),
    Item(
        "tune hyper-parameters",
        "smaller batches and another learning rate reach other minima",
        "`tune` searches them all",
        (Move(BATCHES, times(0.5)), Move(RATES, times(1 / 3))),
    ),
    Item(
        "early stopping",
        "stop where the validation error is lowest; it hides what else is wrong, so it comes late",
        moves=(Move(EPOCHS, times(0.5)),),
    ),
    Item(
        "fewer features",
        "leave out inputs that only training examples can be told by",
        "the inputs: `features` of mlp and lstm, the channels in `image` of lenet and multimodal, follow from them",
    ),
    Item(
        "a smaller model",
        "the last resort: it reduces variance and adds bias",
        moves=(Move(SIZES, times(0.5)),),
    ),
)
