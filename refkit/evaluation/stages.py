"""The stages between the best that is possible and the test error, in their order, and what lies between two of them."""

IRREDUCIBLE, TRAIN, TRAIN_VAL, TEST_VAL, TEST, VAL = "irreducible", "train", "train_val", "test_val", "test", "val"
STAGES = (IRREDUCIBLE, TRAIN, TRAIN_VAL, TEST_VAL, TEST)
SPLITS = (TRAIN, TRAIN_VAL, VAL, TEST_VAL, TEST)

BIAS, VARIANCE, SHIFT, VAL_OVERFITTING = "avoidable bias", "variance", "distribution shift", "validation overfitting"
TERMS = (BIAS, VARIANCE, SHIFT, VAL_OVERFITTING)  # each ends at the stage after the first
PROBLEMS = {BIAS: "underfitting", VARIANCE: "overfitting", SHIFT: SHIFT, VAL_OVERFITTING: VAL_OVERFITTING}

# What others call the splits.
OTHER_NAMES = {"validation": VAL, "valid": VAL, "dev": VAL, "training": TRAIN, "testing": TEST}


def split_called(name: str) -> str | None:
    """The split that a word means; None where it means none.

    >>> split_called("Train-Val"), split_called("dev"), split_called("fold 1")
    ('train_val', 'val', None)
    """
    word = name.strip().lower().replace("-", "_").replace(" ", "_")
    word = OTHER_NAMES.get(word, word)
    return word if word in SPLITS else None
