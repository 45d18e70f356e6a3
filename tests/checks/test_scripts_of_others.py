"""Habits of programs that others wrote: each of these is right, or is wrong for the reason that is named."""

import ast
from types import SimpleNamespace

import pytest

import refkit
from refkit.checks import differences
from refkit.diagnosis.modes.readings import inverted_rate
from refkit.diagnosis.steps.text import StepText

HEADER = """
import dataclasses
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn, nnx
from jax.example_libraries import optimizers, stax
"""
MLP = """
class Net(nnx.Module):
    def __init__(self, rngs):
        self.hidden = nnx.Linear(30, 64, rngs=rngs)
        self.noise = nnx.Dropout(0.1)
        self.out = nnx.Linear(64, 2, rngs=rngs)

    def __call__(self, x, rngs=None):
        return self.out(self.noise(nnx.relu(self.hidden(x)), rngs=rngs))

def loss_fn(model, x, y, rngs=None):
    return optax.softmax_cross_entropy_with_integer_labels(model(x, rngs), y).mean()
"""
LINEN = """
class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(2)(nn.relu(nn.Dense(64)(x)))
"""


def ids(tmp_path, text: str, rung: str, reference: str = "mlp") -> list:
    """Kind, id and rung's status of what is found, where the rung was run."""
    file = tmp_path / "mine.py"
    file.write_text(HEADER + text, encoding="utf-8")
    report = refkit.compare(str(file), reference, only=rung)
    assert report.rungs[0].status != "not-run", report.rungs[0].reason
    return [(finding.kind, finding.id) for finding in report.findings if finding.kind != "choice"]


OWN_OPTIMIZER = (
    MLP
    + """
model = Net(nnx.Rngs(0))
optimizer = nnx.ModelAndOptimizer(model, optax.sgd(0.05))

@nnx.jit
def train_step(model, optimizer, x, y, rngs):
    grads = nnx.grad(loss_fn)(model, x, y, rngs)
    UPDATE
"""
)


@pytest.mark.parametrize(
    ("update", "found"), [("optimizer.update(grads)", []), ("pass", [("bug", "parameters-not-updated")])]
)
def test_an_optimizer_that_holds_the_files_own_model(tmp_path, update, found):
    assert ids(tmp_path, OWN_OPTIMIZER.replace("UPDATE", update), "update") == found


HANDED = (
    MLP
    + """
@nnx.jit
def train_step(model, optimizer, x, y, rngs):
    grads = nnx.grad(loss_fn)(model, x, y, rngs)
    optimizer.update(model, grads)

def main(x, y):
    model = Net(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
    rngs = nnx.Rngs(1)
    for start in range(0, 320, 32):
        train_step(model, optimizer, x[start:start + 32], y[start:start + 32], rngs)
"""
)


def test_generators_that_count_may_be_handed_to_every_step(tmp_path):
    assert ids(tmp_path, HANDED, "train-eval") == []


def test_a_key_may_not(tmp_path):
    linen = LINEN.replace("nn.relu(nn.Dense(64)(x))", "nn.Dropout(0.1, deterministic=False)(nn.relu(nn.Dense(64)(x)))")
    text = (
        linen
        + """
@jax.jit
def train_step(params, x, y, key):
    def loss_fn(params):
        logits = Net().apply({"params": params}, x, rngs={"dropout": key})
        return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()
    grads = jax.grad(loss_fn)(params)
    return jax.tree.map(lambda p, g: p - 0.1 * g, params, grads)

def main(x, y, params):
    key = jax.random.key(0)
    for start in range(0, 320, 32):
        params = train_step(params, x[start:start + 32], y[start:start + 32], key)
"""
    )
    assert ids(tmp_path, text, "train-eval") == [("bug", "dropout-key-fixed")]


def test_a_loss_made_over_data_of_the_files_own(tmp_path):
    text = """
model = nnx.Linear(10, 5, rngs=nnx.Rngs(0))
x_all, y_all = jnp.ones((20, 10)), jnp.ones((20, 5))

def make_loss(x_batch, y_batch):
    def loss(model):
        def squared_error(x, y):
            gap = y - model(x)
            return jnp.inner(gap, gap) / 2.0
        return jnp.mean(jax.vmap(squared_error)(x_batch, y_batch))
    return jax.jit(loss)

loss = make_loss(x_all, y_all)
gradients = jax.value_and_grad(loss)
"""
    assert ids(tmp_path, text, "loss") == []


TWO_CALLS = (
    LINEN
    + """
@jax.jit
def apply_model(state, x, y):
    def loss_fn(params):
        logits = state.apply_fn({"params": params}, x)
        return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()
    loss, grads = jax.value_and_grad(loss_fn)(state.params)
    return grads, loss

@jax.jit
def update_model(state, grads):
    return state.apply_gradients(grads=GRADS)

def train_epoch(state, x, y):
    for start in range(0, len(x), 32):
        rows = slice(start, start + 32)
        x_batch, y_batch = x[rows], y[rows]
        grads, loss = apply_model(state, x_batch, y_batch)
        state = update_model(state, grads)
    return state
"""
)


@pytest.mark.parametrize(
    ("grads", "found"), [("grads", []), ("jax.tree.map(jnp.negative, grads)", [("bug", "gradient-ascent")])]
)
def test_a_step_in_two_calls_of_a_loop(tmp_path, grads, found):
    assert ids(tmp_path, TWO_CALLS.replace("GRADS", grads), "update") == found


def test_another_models_dropout_is_not_this_ones(tmp_path):
    text = (
        LINEN
        + """
class Other(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dropout(0.5, deterministic=True)(nn.Dense(2)(x))

@jax.jit
def train_step(params, x, y):
    def loss_fn(params):
        return optax.softmax_cross_entropy_with_integer_labels(Net().apply({"params": params}, x), y).mean()
    return jax.tree.map(lambda p, g: p - 0.1 * g, params, jax.grad(loss_fn)(params))
"""
    )
    file = tmp_path / "mine.py"
    file.write_text(HEADER + text, encoding="utf-8")
    report = refkit.compare(f"{file}:Net", "mlp", only="train-eval")
    assert (report.rungs[0].status, report.findings) == ("pass", ())


def test_a_mask_may_say_what_is_dropped():
    body = "def f(key, x):\n    mask = random.bernoulli(key, drop_rate, x.shape)\n    return jnp.where(mask, {}, {})\n"
    seen = {
        pair: inverted_rate(StepText(ast.parse(body.format(*pair)), None, ""))
        for pair in (("unknown", "x"), ("x", "0.0"))
    }
    assert seen["unknown", "x"] is None and seen["x", "0.0"] is not None


def test_an_error_that_comes_of_our_own_calling_is_no_bug_of_the_metric(tmp_path):
    text = (
        LINEN
        + """
@dataclasses.dataclass
class Data:
    x_val: np.ndarray
    y_val: np.ndarray

def evaluate_mae(params, data: Data):
    predictions = Net().apply({"params": params}, data.x_val)
    targets = data.y_val[:, None] if data.y_val.ndim == 1 else data.y_val
    return float(jnp.mean(jnp.abs(predictions - targets)))
"""
    )
    file = tmp_path / "mine.py"
    file.write_text(HEADER + text, encoding="utf-8")
    assert refkit.compare(str(file), "mlp:loss=mse", only="metric").findings == ()


NUMPY_INIT = """
def init_params(scale, sizes, rng=np.random.RandomState(0)):
    return [(scale * rng.randn(m, n), scale * rng.randn(n)) for m, n in zip(sizes[:-1], sizes[1:])]

def predict(params, x):
    for w, b in params[:-1]:
        x = jnp.tanh(x @ w + b)
    return x @ params[-1][0] + params[-1][1]

if __name__ == "__main__":
    sizes, param_scale = [784, 32, 10], 0.1
    def stream(): yield 1
    params = init_params(param_scale, sizes)
"""


def test_parameters_drawn_by_numpy_with_sizes_from_the_main_block(tmp_path):
    assert ids(tmp_path, NUMPY_INIT, "forward") == []


def test_the_shape_that_stax_is_given(tmp_path):
    text = """
init_random_params, predict = stax.serial(stax.Dense(64), stax.Relu, stax.Dense(10), stax.LogSoftmax)
if __name__ == "__main__":
    opt_init, opt_update, get_params = optimizers.sgd(0.1)
    def loss(params, batch):
        return -jnp.mean(jnp.sum(predict(params, batch[0]) * batch[1], axis=1))
    def update(i, opt_state, batch):
        return opt_update(i, jax.grad(loss)(get_params(opt_state), batch), opt_state)
    _, params = init_random_params(jax.random.key(0), (-1, 28 * 28))
    opt_state = opt_init(params)
    for i in range(3):
        opt_state = update(i, opt_state, (np.ones((4, 784)), np.ones((4, 10))))
"""
    assert ids(tmp_path, text, "update") == []


def test_a_loss_from_a_package_that_is_not_there_is_no_bug_of_the_step(tmp_path):
    text = (
        LINEN
        + """
from nowhere_installed import entropy

@jax.jit
def train_step(state, x, y):
    grads = jax.grad(lambda params: entropy(Net().apply({"params": params}, x), y))(state.params)
    return state.apply_gradients(grads=grads)

def main():
    from flax.training.train_state import TrainState
    params = Net().init(jax.random.key(0), jnp.ones((1, 30)))["params"]
    state = TrainState.create(apply_fn=Net().apply, params=params, tx=optax.adam(1e-3))
    for _ in range(3):
        state = train_step(state, np.ones((8, 30), np.float32), np.zeros(8, np.int32))
"""
    )
    file = tmp_path / "mine.py"
    file.write_text(HEADER + text, encoding="utf-8")
    assert refkit.compare(str(file), "mlp", only="update").findings == ()


def test_the_kernel_that_is_too_large_itself_is_named(tmp_path):
    text = """
class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        flat = lambda key, shape, dtype=jnp.float32: jax.random.uniform(key, shape, dtype)
        x = nn.relu(nn.Dense(32, kernel_init=flat)(x))
        return nn.Dense(1, kernel_init=flat)(x)
model = Net()
variables = model.init(jax.random.key(0), jnp.ones((1, 1)))
"""
    file = tmp_path / "mine.py"
    file.write_text(HEADER + text, encoding="utf-8")
    (finding,) = [
        f for f in refkit.compare(str(file), "mlp:loss=mse", only="initialization").findings if f.kind == "bug"
    ]
    assert finding.id == "initialisation-too-large"
    assert "`Dense_1.kernel` begins with uniform from 0 to 1" in finding.message and "over 32 inputs" in finding.message


PICTURES = """
import tensorflow_datasets as tfds

class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.max_pool(nn.relu(nn.Conv(6, (5, 5))(x)), (2, 2), (2, 2))
        x = nn.max_pool(nn.relu(nn.Conv(16, (5, 5), padding="VALID")(x)), (2, 2), (2, 2))
        x = nn.relu(nn.Dense(120)(x.reshape((x.shape[0], -1))))
        return nn.Dense(10)(nn.relu(nn.Dense(84)(x)))

def get_datasets():
    builder = tfds.builder("mnist")
    builder.download_and_prepare()
    train = tfds.as_numpy(builder.as_dataset(split="train", batch_size=-1))
    test = tfds.as_numpy(builder.as_dataset(split="test", batch_size=-1))
    train["image"] = jnp.float32(train["image"]) / 255.0
    test["image"] = jnp.float32(test["image"]) / 255.0
    return train, test
"""
SCALED = (
    '    train["image"] = jnp.float32(train["image"]) / 255.0\n    test["image"] = jnp.float32(test["image"]) / 255.0\n'
)
TEST = '    test["image"] = jnp.float32(test["image"]) / 255.0\n'


@pytest.mark.parametrize(
    ("old", "found"),
    [("", []), (SCALED, [("bug", "inputs-not-scaled")]), (TEST, [("bug", "train-test-transform-differ")])],
    ids=["right", "inputs-not-scaled", "train-test-transform-differ"],
)
def test_a_picture_set_that_tfds_would_download(tmp_path, old, found):
    assert ids(tmp_path, PICTURES.replace(old, "") if old else PICTURES, "data", "lenet") == found


def test_a_state_that_is_dropped_in_a_loop_is_blamed_there(tmp_path):
    text = TWO_CALLS.replace("GRADS", "grads").replace("        state = update_model(", "        update_model(")
    file = tmp_path / "mine.py"
    file.write_text(HEADER + text, encoding="utf-8")
    (finding,) = refkit.compare(str(file), "mlp", only="update").findings
    assert (finding.id, finding.source) == ("parameters-not-updated", "update_model(state, grads)")


@pytest.mark.parametrize(("quiet", "found"), [("False", []), ("True", [("bug", "dropout-never-active")])])
def test_a_view_of_the_model_that_the_loop_hands_on(tmp_path, quiet, found):
    text = HANDED.replace(
        "    rngs = nnx.Rngs(1)\n", f"    rngs = nnx.Rngs(1)\n    seen = nnx.view(model, deterministic={quiet})\n"
    )
    assert (
        ids(tmp_path, text.replace("train_step(model, optimizer, x[", "train_step(seen, optimizer, x["), "train-eval")
        == found
    )


@pytest.mark.parametrize(("apart", "said"), [(0.0, differences.ENDS_HERE), (0.1, differences.NOWHERE)])
def test_a_program_that_ends_on_a_value_of_the_reference_is_told_so(monkeypatch, apart, said):
    alignment = SimpleNamespace(yours=None)
    difference = SimpleNamespace(
        before=SimpleNamespace(alignment=alignment), node=0, site=None, candidate=None, rivals=[]
    )
    for name, value in {
        "place_of": {"line": 3},
        "comparison": {"max_abs": apart, "allowed": 1e-6},
        "sign_of": None,
        "unused_shapes": [],
        "not_finite": "",
    }.items():
        monkeypatch.setattr(differences, name, lambda *_, value=value: value)
    finding = differences.finding_of(difference, "forward", "lstm")
    assert finding.message == said and (finding.max_abs is None) == (apart == 0.0)
