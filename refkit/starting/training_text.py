"""The text of what surrounds the model in the written file: normalisation, metric, and the training loop."""

import numpy as np

from refkit.starting.kinds import IDS, PICTURE, SEQUENCE, TEXT
from refkit.starting.plan import Plan
from refkit.starting.text import array_words

MODELS = {"mlp": "MLP", "lenet": "LeNet", "lstm": "LSTM", "multimodal": "Multimodal"}
STANDARDISED = '''def preprocess(x: np.ndarray, train_x: np.ndarray) -> np.ndarray:
    """Every feature less the training examples' mean, over the standard deviation; 0, the mean, where it is missing."""
    mean, deviation = np.nanmean(train_x, axis=AXES), np.nanstd(train_x, axis=AXES)
    return np.nan_to_num((x - mean) / np.maximum(deviation, 1e-8)).astype(np.float32)
'''
IN_UNIT = '''def preprocess(images: np.ndarray) -> np.ndarray:
    """As `f32[batch, height, width, channels]`: the pixels lie in [0, 1] already."""
    return images.astype(np.float32)
'''
BY_RANGE = '''def preprocess(images: np.ndarray, train_images: np.ndarray) -> np.ndarray:
    """From the range of the training pictures to `f32` in [0, 1]."""
    low, high = float(train_images.min()), float(train_images.max())
    return ((images - low) / (high - low)).astype(np.float32)
'''
WORDS = '''def preprocess(words: np.ndarray) -> np.ndarray:
    """Ids stay as they are: `i32[batch, time]`."""
    return words.astype(np.int32)
'''
ACCURACY = '''def accuracy(model: MODEL, GIVEN, labels: np.ndarray) -> float:
    """Share of examples whose largest logit is the label's."""
    return float((model(CALLED).argmax(axis=-1) == labels).mean())
'''
ERROR = '''def root_mean_squared_error(model: MODEL, GIVEN, targets: np.ndarray) -> np.ndarray:
    """Of each number that is told, `f32[outputs]`."""
    return np.sqrt(((model(CALLED) - targets) ** 2).mean(axis=0))
'''
BATCHES = '''def batches(GIVEN, TARGET: np.ndarray, batch_size: int, seed: int) -> Iterator[tuple]:
    """Every example once, shuffled; the last batch may be short."""
    order = np.random.default_rng(seed).permutation(len(TARGET))
    for chosen in np.split(order, range(batch_size, len(order), batch_size)):
        yield ROWS, TARGET[chosen]
'''
STEP = """@nnx.jit
def train_step(model: MODEL, optimizer: nnx.Optimizer, *batch: jax.Array) -> jax.Array:
    loss, grads = nnx.value_and_grad(loss_fn)(model, *batch)
    optimizer.update(model, grads)
    return loss
"""
MAIN = """def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
DATA_OPTION    parser.add_argument("--epochs", type=int, default=Config.epochs)
    parser.add_argument("--seed", type=int, default=Config.seed)
    arguments = parser.parse_args()
    (ARRAYS), (TEST_ARRAYS) = LOADED
    config = Config(epochs=arguments.epochs, seed=arguments.seed)
    model = MODEL(config, nnx.Rngs(config.seed))
    optimizer = make_optimizer(model, config)
PREPARED    for epoch in range(config.epochs):
        order = batches(INPUTS, SCALED, config.batch_size, seed=epoch)
        losses = [train_step(model, optimizer, *batch) for batch in order]
        chex.assert_tree_all_finite(losses)
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}")
JUDGED

if __name__ == "__main__":
    main()
"""
JUDGED = """    print(f"accuracy on {len(test_labels)} test examples: {accuracy(model, TEST_INPUTS, test_labels):.3f}")
    print(f"baseline, the majority class: {np.mean(test_labels == np.bincount(labels).argmax()):.3f}")
"""
JUDGED_NUMBERS = """    errors = root_mean_squared_error(model, TEST_INPUTS, (test_targets - mean) / deviation) * deviation
    floors = np.sqrt(((test_targets - mean) ** 2).mean(axis=0))
    print(f"RMSE on {len(test_targets)} test examples: {', '.join(f'{error:.4g}' for error in errors)}")
    print(f"baseline, the mean target: {', '.join(f'{floor:.4g}' for floor in floors)}")
"""
MADE = "synthetic(4_000, seed=0), synthetic(1_000, seed=1)"
PAIRED_MAIN = """def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=Config.epochs)
    parser.add_argument("--seed", type=int, default=Config.seed)
    config = Config(**vars(parser.parse_args()))
    data, test = LOADED
    model = MODEL(config, nnx.Rngs(config.seed))
    optimizer = make_optimizer(model, config)
    for epoch in range(config.epochs):
        losses = [train_step(model, optimizer, preprocess(x), *y) for x, *y in batches(*data, config.batch_size, epoch)]
        chex.assert_tree_all_finite(losses)
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}")
    print(f"accuracy on {len(test[0])} test examples: {accuracy(model, preprocess(test[0]), *test[1:]):.3f}")
    print(f"baseline, the majority class: {np.mean(test[2] == np.bincount(data[2]).argmax()):.3f}")
JUDGED

if __name__ == "__main__":
    main()
"""
SOLVED = '    print("solved" if accuracy(model, TEST_INPUTS, test_labels) >= 0.95 else "not solved: this set can be, so mend the program first")\n'
SOLVED_NUMBERS = (
    "    solved = (errors <= 0.2 * floors).all()\n"
    '    print("solved" if solved else "not solved: this set can be, so mend the program first")\n'
)


def inputs(plan: Plan) -> list[str]:
    return array_words(plan)[:-1]


def filled(text: str, plan: Plan) -> str:
    """A text with the names that this plan has."""
    names, target = inputs(plan), array_words(plan)[-1]
    return (
        text.replace("MODEL", MODELS[plan.reference])
        .replace("GIVEN", ", ".join(f"{name}: np.ndarray" for name in names))
        .replace("CALLED", ", ".join(f"jnp.asarray({name})" for name in names))
        .replace("ROWS", ", ".join(f"{name}[chosen]" for name in names))
        .replace("TEST_INPUTS", ", ".join(f"test_{name}" for name in names))
        .replace("TEST_ARRAYS", ", ".join(f"test_{name}" for name in [*names, target]))
        .replace("ARRAYS", ", ".join([*names, target]))
        .replace("INPUTS", ", ".join(names))
        .replace("SCALED", f"({target} - mean) / deviation" if plan.target.regression else target)
        .replace("TARGET", target)
    )


def metric(plan: Plan) -> str:
    return filled(ERROR if plan.target.regression else ACCURACY, plan)


def preprocess(plan: Plan, synthetic: bool) -> str | None:
    """The normalisation; None where the reference's own does."""
    if plan.of(TEXT, IDS) and plan.reference == "lstm":
        return WORDS
    if plan.of(SEQUENCE):
        return STANDARDISED.replace("AXES", "(0, 1)")
    if plan.reference == "mlp":
        return STANDARDISED.replace("AXES", "0") if not synthetic and has_missing(plan) else None
    return None if synthetic else scaled_picture(plan)


def scaled_picture(plan: Plan) -> str | None:
    values = plan.source.train[plan.of(PICTURE)[0]]
    low, high = values.min(), values.max()
    if 64 <= high <= 255 and low >= 0:
        return None  # bytes, or floats in their range
    return IN_UNIT if low >= 0 and high <= 1 else BY_RANGE


def has_missing(plan: Plan) -> bool:
    """Whether a number of the table is missing; categories that are have no column of their own."""
    columns = [plan.source.values(name) for name in plan.inputs]
    return any(values.dtype.kind == "f" and bool(np.isnan(values).any()) for values in columns)


def main(plan: Plan, text_of_preprocess: str, synthetic: bool) -> str:
    """The training loop.

    Args:
        text_of_preprocess: the definition that the file has.
        synthetic: whether the data is made, and so must be solved.
    """
    alone = text_of_preprocess.partition("(")[2].partition(")")[0].count(":") == 1
    if plan.reference == "multimodal" and alone and not plan.target.regression:
        solved = SOLVED.replace("TEST_INPUTS, test_labels", "preprocess(test[0]), *test[1:]") if synthetic else ""
        text = PAIRED_MAIN.replace("JUDGED\n", f"{solved}\n").replace(
            "LOADED", MADE if synthetic else "load_data(DATA)"
        )
        return filled(text, plan)
    first = inputs(plan)[0]
    prepared = (
        f"    {first}, test_{first} = preprocess({first}), preprocess(test_{first})\n"
        if alone
        else f"    {first}, test_{first} = preprocess({first}, {first}), preprocess(test_{first}, {first})\n"
    )
    if plan.target.regression:
        prepared += (
            "    mean, deviation = targets.mean(axis=0), targets.std(axis=0)  # of the training examples alone\n"
        )
    judged = JUDGED_NUMBERS if plan.target.regression else JUDGED
    if synthetic:
        judged += SOLVED_NUMBERS if plan.target.regression else SOLVED
    option = '    parser.add_argument("--data", default=DATA, help="where the data lies, as seen from this file")\n'
    text = MAIN.replace("JUDGED", judged).replace("DATA_OPTION", "" if synthetic else option)
    return filled(
        text.replace("PREPARED", prepared).replace("LOADED", MADE if synthetic else "load_data(arguments.data)"), plan
    )
