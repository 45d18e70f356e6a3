"""What a run of a program's own training shows to the rungs `data` and `metric`."""

import numpy as np
import pytest

import refkit
from refkit.adapters.parts.recorded_values import scaling
from refkit.diagnosis.data.turning import ways_round

PROGRAM = """
import jax
import jax.numpy as jnp
import numpy as np


def init_params(key):
    k1, k2 = jax.random.split(key)
    return {"w1": jax.random.normal(k1, (30, 64)) * 0.25, "b1": jnp.zeros(64),
            "w2": jax.random.normal(k2, (64, 2)) * 0.17, "b2": jnp.zeros(2)}


def forward(params, x):
    return jax.nn.relu(x @ params["w1"] + params["b1"]) @ params["w2"] + params["b2"]


def make_data(n, seed):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.5).astype(np.int32)
    return (rng.normal(size=(n, 30)) + y[:, None]).astype(np.float32), y


def batches(x, y, batch_size, rng=None):
    order = np.arange(len(x)) if rng is None else rng.permutation(len(x))
    for start in range(0, len(x), batch_size):
        yield x[order[start : start + batch_size]], y[order[start : start + batch_size]]


class Counter:
    def __init__(self):
        self.reset()

    def reset(self):
        self.right, self.count = 0, 0

    def update(self, right, count):
        self.right, self.count = self.right + right, self.count + count

    def compute(self):
        return self.right / self.count


def loss_fn(params, x, y):
    return -jnp.mean(jax.nn.log_softmax(forward(params, x))[jnp.arange(len(y)), y])


@jax.jit
def train_step(params, x, y):
    loss, grads = jax.value_and_grad(loss_fn)(params, x, y)
    return jax.tree.map(lambda p, g: p - 0.1 * g, params, grads), loss


def evaluate(params, data, counter, batch_size=20):
    counter.reset()
    x, y = data
    for start in range(0, len(x), batch_size):
        guess = forward(params, x[start : start + batch_size]).argmax(axis=1)
        counter.update(int((guess == y[start : start + batch_size]).sum()), len(guess))
    return counter.compute()


def main():
    x, y = make_data(330, seed=0)
    test_data = make_data(110, seed=1)
    params, counter = init_params(jax.random.key(0)), Counter()
    kept = {"params": params}
    rng = np.random.default_rng(0)
    for epoch in range(8):
        for xb, yb in batches(x, y, 32, rng):
            params, loss = train_step(params, xb, yb)
        print(epoch, loss, evaluate(params, test_data, counter))


if __name__ == "__main__":
    main()
"""
STANDARDISED = "            xb = (xb - xb.mean(0)) / xb.std(0)\n"
PLANTED = (  # the rung, what stands in the program, what is written there instead, the bug, text on the line to name
    ("data", "batches(x, y, 32, rng)", "batches(x, y, 32)", "not-shuffled", "in batches(x, y, 32)"),
    (
        "data",
        "            params, loss = train",
        STANDARDISED + "            params, loss = train",
        "standardised-per-batch",
        "xb.std(0)",
    ),
    ("data", "rng.random(n) < 0.5", "rng.random(n) < 0.97", "classes-imbalanced", "0.97"),
    ("metric", "    counter.reset()\n    x, y", "    x, y", "metric-not-reset", "return counter.compute()"),
    (
        "metric",
        "range(0, len(x), batch_size):\n        guess",
        "range(0, len(x) - batch_size + 1, batch_size):\n        guess",
        "data-truncated",
        "- batch_size + 1",
    ),
    (
        "metric",
        "evaluate(params, test_data",
        'evaluate(kept["params"], test_data',
        "initial-parameters-at-evaluation",
        'kept["params"], test',
    ),
)


def compared(tmp_path, text: str, rung: str, reference: str = "mlp"):
    file = tmp_path / "mine.py"
    file.write_text(text, encoding="utf-8")
    return refkit.compare(str(file), reference, only=rung)


@pytest.mark.parametrize("rung", ["data", "metric"])
def test_a_right_program_passes(rung, tmp_path):
    report = compared(tmp_path, PROGRAM, rung)
    assert [(each.status, report.findings) for each in report.rungs] == [("pass", ())]


@pytest.mark.parametrize(("rung", "old", "new", "bug", "line"), PLANTED, ids=[bug for *_, bug, _ in PLANTED])
def test_a_planted_bug_is_named_on_its_line(rung, old, new, bug, line, tmp_path):
    assert PROGRAM.count(old) == 1
    text = PROGRAM.replace(old, new)
    report = compared(tmp_path, text, rung)
    assert [finding.id for finding in report.findings] == [bug]
    assert line in text.splitlines()[report.findings[0].line - 1]


def test_an_order_drawn_once_is_a_choice(tmp_path):
    text = PROGRAM.replace("batches(x, y, 32, rng)", "batches(x, y, 32, np.random.default_rng(0))")
    assert compared(tmp_path, text, "data").findings == ()


PICTURES = """
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


class Net(nnx.Module):
    def __init__(self, rngs):
        self.conv1 = nnx.Conv(1, 6, (5, 5), padding=2, rngs=rngs)
        self.conv2 = nnx.Conv(6, 16, (5, 5), padding="VALID", rngs=rngs)
        self.fc1, self.fc2 = nnx.Linear(400, 120, rngs=rngs), nnx.Linear(120, 84, rngs=rngs)
        self.out = nnx.Linear(84, 10, rngs=rngs)

    def __call__(self, x):
        x = nnx.avg_pool(nnx.relu(self.conv1(x)), (2, 2), strides=(2, 2))
        x = nnx.avg_pool(nnx.relu(self.conv2(x)), (2, 2), strides=(2, 2))
        x = nnx.relu(self.fc2(nnx.relu(self.fc1(x.reshape(len(x), -1)))))
        return self.out(x)


@nnx.jit
def train_step(model, optimizer, x, y):
    def loss_fn(model):
        logits = model(x.astype(jnp.float32) / 255)
        return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()

    loss, grads = nnx.value_and_grad(loss_fn)(model)
    optimizer.update(model, grads)
    return loss


def main():
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (200, 28, 28, 1)).astype(np.uint8), rng.integers(0, 10, 200)
    model = Net(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
    for epoch in range(3):
        order = rng.permutation(200)
        for k in range(0, 200, 50):
            train_step(model, optimizer, images[order[k : k + 50]], labels[order[k : k + 50]])


if __name__ == "__main__":
    main()
"""


def test_a_step_may_scale_what_it_is_handed(tmp_path):
    assert compared(tmp_path, PICTURES, "data", "lenet").findings == ()
    report = compared(tmp_path, PICTURES.replace("jnp.float32) / 255", "jnp.float32)"), "data", "lenet")
    assert [finding.id for finding in report.findings] == ["inputs-not-scaled"]


def test_a_scaling_is_seen_of_each_element():
    raw = np.random.default_rng(0).normal(size=(9, 4))
    factor, offset = scaling(raw, (raw[:5] - 3) * np.arange(1, 5))
    assert np.allclose(factor, np.arange(1, 5)) and np.allclose(offset, -3 * np.arange(1, 5))
    assert scaling(raw, raw[:5] ** 2) is None


def test_pictures_that_are_shifted_show_which_way_round_they_lie():
    raw = np.random.default_rng(0).integers(0, 256, (20, 28, 28, 1))
    shifted = np.roll(raw[:6], 2, axis=1)
    shifted[3:] = shifted[3:, :, ::-1]
    assert ways_round(raw, shifted) == ["", "", "", "mirrored", "mirrored", "mirrored"]
