"""Where bugs strike in the parts around the models: the lines of the references that handle data."""

YIELDS = {
    "mlp": ("x", "labels"),
    "lenet": ("x", "labels"),
    "lstm": ("x", "targets"),
    "multimodal": ("image", "words", "labels"),
}
PREPROCESS = {
    "mlp": "return ((x - mean) / np.maximum(deviation, 1e-8)).astype(np.float32)",
    "lenet": "return images.astype(np.float32) / 255",
    "lstm": "return sequences.astype(np.float32)",
    "multimodal": "return images.astype(np.float32) / 255",
}
SPLIT = "return [(x[train], labels[train]), (x[test], labels[test])]"
CUT = "test, train = np.split(order, [len(x) // 5])"
SHUFFLED_SPLIT = "order = np.random.default_rng(seed).permutation(len(x))"


def given(reference: str, **chosen: str) -> str:
    """The line on which batches are given, with other expressions for some of its arrays.

    >>> given("mlp", labels="labels")
    'yield x[chosen], labels'
    """
    return "yield " + ", ".join(chosen.get(name, f"{name}[chosen]") for name in YIELDS[reference])


def order(reference: str) -> str:
    """The line on which the order of an epoch is drawn."""
    return f"order = np.random.default_rng(seed).permutation(len({YIELDS[reference][-1]}))"


CHOSEN = "for chosen in np.split(order, range(batch_size, len(order), batch_size)):"
EVERY = tuple(YIELDS)
