"""The smaller problem: fewer examples, as many of each class, classes and pictures of a fixed number and size."""

from refkit.starting.plan import Plan

MOST, MOST_CLASSES, SMALL_SIDE = 10_000, 10, 32
OF_CLASSES = '''def simplify(train: tuple, test: tuple, most: int = 10_000, seed: int = 0) -> list[tuple[np.ndarray, ...]]:
    """As many training examples of each class, `most` in all; the CLASSES largest classes alone, in the test, too."""
    counts = np.bincount(train[-1])
    kept = np.sort(np.argsort(-counts, kind="stable")[:CLASSES])
    each, rng = min(counts[kept].min(), most // len(kept)), np.random.default_rng(seed)
    rows = np.hstack([rng.permutation(np.flatnonzero(train[-1] == label))[:each] for label in kept])
    parts = [array[rows] for array in train], [array[np.isin(test[-1], kept)] for array in test]
    return [(*inputs, np.searchsorted(kept, labels).astype(np.int32)) for *inputs, labels in parts]
'''
OF_NUMBERS = '''def simplify(train: tuple, test: tuple, most: int = 10_000, seed: int = 0) -> list[tuple[np.ndarray, ...]]:
    """`most` of the training examples."""
    rows = np.random.default_rng(seed).permutation(len(train[-1]))[:most]
    return [tuple(array[rows] for array in train), test]
'''
SUBSET = {False: OF_CLASSES, True: OF_NUMBERS}


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
