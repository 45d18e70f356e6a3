"""A class that training hardly sees."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.parts import SHUFFLED_SPLIT

SORTED = 'order = np.argsort(labels, kind="stable")'


BUG = Bug(
    id="classes-imbalanced",
    group="data, labels, splits",
    rung="data",
    of_learning=True,
    what="One class has far fewer training examples than its share, or none: the split follows the classes.",
    shows="The loss falls, and some classes are never predicted; test accuracy is far below training accuracy.",
    harm="What is not in the training examples cannot be learned.",
    mend="Shuffle before the split, or split each class by itself.",
    edits=tuple(
        Edit(reference, (Replace(SHUFFLED_SPLIT, SORTED),), visible=SORTED, where="split by class")
        for reference in ("mlp", "lenet")
    ),
)
