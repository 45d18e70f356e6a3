"""The smaller problem: fewer examples, as many of each class, classes and pictures of a fixed number and size."""

from refkit.starting.plan import Plan

MOST, MOST_CLASSES, SMALL_SIDE = 10_000, 10, 32
OF_CLASSES = (
    "kept = np.array([KEPT])  # the largest classes: as many training examples of each",
    "each = min(MOST // len(kept), np.bincount(labels[train])[kept].min())",
    "train = np.hstack([train[labels[train] == label][:each] for label in kept])",
    "test, labels = test[np.isin(labels[test], kept)], np.searchsorted(kept, labels).astype(np.int32)",
)
OF_NUMBERS = ("train = train[:MOST]  # in a random order",)


def simplify_lines(plan: Plan) -> list[str]:
    """Lines of the written file that leave rows out of `train` and `test`."""
    names = list(plan.target.classes or ())
    kept = ", ".join(str(names.index(name)) for name in sorted(kept_classes(plan), key=names.index))
    lines = OF_NUMBERS if plan.target.regression else OF_CLASSES
    return [line.replace("KEPT", kept).replace("MOST", f"{MOST:_}") for line in lines]


def kept_classes(plan: Plan) -> list[str]:
    """The largest classes, as many of them as give the most examples in all, ten at most."""
    classes = sorted(plan.target.classes or {}, key=lambda name: -plan.target.classes[name])[:MOST_CLASSES]
    total = lambda count: count * min(plan.target.classes[classes[count - 1]], MOST // count)
    return classes[: max(range(2, len(classes) + 1), key=lambda count: (total(count), count))] if classes else []


def examples_left(plan: Plan, train: int) -> int:
    """Training examples of the subset, about: the counts are those of the examples looked at."""
    if plan.target.regression:
        return min(train, MOST)
    kept, looked_at = kept_classes(plan), sum(plan.target.classes.values())
    least = plan.target.classes[kept[-1]] * train // looked_at
    return len(kept) * min(least, MOST // len(kept))
