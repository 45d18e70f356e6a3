"""Against an overfit validation set."""

from refkit.improvement.item import Item

ITEMS = (
    Item(
        "draw the split anew",
        "validation looks better than test because choices were made on it: put both together, shuffle, and divide again",
        "`split` of the reference's file takes another `seed`; the test examples of before are spent, too, once looked at",
    ),
    Item(
        "a larger validation set",
        "with more examples the best of many trials is less often the luckiest",
        "the share that `split` of the reference's file holds out",
    ),
    Item(
        "fewer choices on it",
        "compare by several seeds, and choose by intervals: differences inside them are no reason",
        "`tune` with fewer trials; `seed` of the configuration",
    ),
)
