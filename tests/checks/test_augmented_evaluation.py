"""Scores of augmented examples: in the score itself, before it, and by the transform of the training set."""

import pytest

from tests.checks.test_training_run import PICTURES, compared

MODEL = PICTURES[: PICTURES.index("def main")].replace("model(x.astype(jnp.float32) / 255)", "model(x)")
EVALUATED = (
    MODEL
    + """
@nnx.jit
def eval_step(model, x, y):
    return (model(x).argmax(axis=-1) == y).mean()


def random_shift(key, images):
    dx, dy = jax.random.randint(key, (2,), -2, 3)
    return jnp.roll(images, (dx, dy), axis=(1, 2))


def load(n, seed):
    rng = np.random.default_rng(seed)
    return rng.random((n, 28, 28, 1)).astype(np.float32), rng.integers(0, 10, n)


class Digits:
    def __init__(self, images, labels, transform=None):
        self.images, self.labels, self.transform = images, labels, transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, k):
        image = self.images[k] if self.transform is None else self.transform(self.images[k])
        return image, self.labels[k]


def train_transform(image):
    return np.roll(image, tuple(np.random.randint(-2, 3, 2)), axis=(0, 1))


def loader(data, batch_size, shuffle):
    order = np.random.permutation(len(data)) if shuffle else np.arange(len(data))
    for k in range(0, len(data), batch_size):
        pairs = [data[i] for i in order[k : k + batch_size]]
        yield np.stack([x for x, _ in pairs]), np.array([y for _, y in pairs])


def evaluate(model, data):
    return sum(eval_step(model, x, y) * len(y) for x, y in loader(data, 40, False)) / len(data)


def main():
    key = jax.random.key(0)
    model = Net(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
    train_set = Digits(*load(200, 0), transform=train_transform)
    test_images, test_labels = load(80, 1)
    test_set = Digits(test_images, test_labels)
    for epoch in range(3):
        for x, y in loader(train_set, 50, True):
            train_step(model, optimizer, x, y)
        key, sub = jax.random.split(key)
        score = eval_step(model, test_images, test_labels)
        print(epoch, score, evaluate(model, test_set))


if __name__ == "__main__":
    main()
"""
)
IN_STEP = "    return (model(x).argmax"
SHIFTED = "    x = random_shift(jax.random.key(0), x)\n"
NOISY = "    x = x + 0.1 * jax.random.normal(jax.random.PRNGKey(1), x.shape)\n"
BEFORE = "    test_images = random_shift(jax.random.key(3), test_images)\n"
CHOSEN = "        rows = jax.random.choice(sub, 80, (40,), replace=False)\n        score = eval_step(model, test_images[rows], "
WRONG = {  # what is planted, and a part of the line to name
    "shifted in the score": (IN_STEP, SHIFTED + IN_STEP, "random_shift(jax.random.key(0)"),
    "noise in the score": (IN_STEP, NOISY + IN_STEP, "0.1 * jax.random.normal"),
    "shifted before": ("    test_set =", BEFORE + "    test_set =", "random_shift(jax.random.key(3)"),
    "training's transform": ("test_labels)\n    for", "test_labels, train_transform)\n    for", "train_transform)"),
}


@pytest.mark.parametrize(("old", "new", "line"), WRONG.values(), ids=WRONG)
def test_augmented_scores_are_found_on_their_line(old, new, line, tmp_path):
    assert EVALUATED.count(old) == 1
    text = EVALUATED.replace(old, new)
    report = compared(tmp_path, text, "data", "lenet")
    assert [finding.id for finding in report.findings] == ["augmented-at-evaluation"]
    assert line in text.splitlines()[report.findings[0].line - 1]


def test_augmented_training_is_right(tmp_path):
    assert compared(tmp_path, EVALUATED, "data", "lenet").findings == ()


def test_a_score_of_some_examples_at_random_is_right(tmp_path):
    old = "        score = eval_step(model, test_images, "
    text = EVALUATED.replace(old + "test_labels", CHOSEN + "test_labels[rows]")
    assert text != EVALUATED and compared(tmp_path, text, "data", "lenet").findings == ()
