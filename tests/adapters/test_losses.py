"""A loss is found and called in whatever shape a program has it."""

import pathlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from refkit.tracing.sites import Sites
from tests.adapters.seeing import initial, run, see, values, write

LABELS = (np.arange(7) % 2).astype(np.int32)
NET = """
class Net(nnx.Module):
    def __init__(self, rngs):
        self.one, self.two = nnx.Linear(30, 8, rngs=rngs), nnx.Linear(8, 2, rngs=rngs)
        self.drop = nnx.Dropout(0.5, rngs=rngs)
    def __call__(self, x):
        return self.two(self.drop(nnx.relu(self.one(x))))
entropy = optax.softmax_cross_entropy_with_integer_labels
"""
OVER_NNX = {
    "model and arrays": "def loss_fn(model, x, y):\n    return entropy(model(x), y).mean()",
    "arrays first": "def loss_fn(x, y, model):\n    return entropy(model(x), y).mean()",
    "labels first": "def loss_fn(model, labels, features):\n    return entropy(model(features), labels).mean()",
    "batch as a tuple": "def loss_fn(model, batch):\n    x, y = batch\n    return entropy(model(x), y).mean()",
    "batch the other way": "def loss_fn(model, batch):\n    y, x = batch\n    return entropy(model(x), y).mean()",
    "batch by index": "def loss_fn(model, batch):\n    return entropy(model(batch[0]), batch[1]).mean()",
    "batch as a dict": "def loss_fn(model, batch):\n    return entropy(model(batch['image']), batch['label']).mean()",
    "batch by attributes": "def loss_fn(model, batch):\n    return entropy(model(batch.inputs), batch.targets).mean()",
    "auxiliary outputs": "def loss_fn(model, x, y):\n    z = model(x)\n    return entropy(z, y).mean(), {'logits': z}",
    "a key": "def loss_fn(model, rng, x, y):\n    return entropy(model(x), y).mean()",
    "one-hot rows": "def loss_fn(model, x, y):\n    return optax.softmax_cross_entropy(model(x), y).mean()",
    "one-hot inside": "def loss_fn(model, x, y):\n"
    "    return optax.softmax_cross_entropy(model(x), jax.nn.one_hot(y, 2)).mean()",
    "defaults": "def loss_fn(model, x, y, smoothing=0.0):\n    return entropy(model(x), y).mean() + smoothing",
    "classes": "def loss_fn(model, x, y, num_classes):\n"
    "    return optax.softmax_cross_entropy(model(x), jax.nn.one_hot(y, num_classes)).mean()",
    "jitted": "@nnx.jit\ndef loss_fn(model, x, y):\n    return entropy(model(x), y).mean()",
    "closure": """
@nnx.jit
def train_step(model, optimizer, batch):
    x, y = batch['x'], batch['y']
    def objective(net):
        return entropy(net(x), y).mean()
    loss, grads = nnx.value_and_grad(objective)(model)
    optimizer.update(model, grads)
    return loss""",
    "lambda": """
def step(model, optimizer, x, y):
    grads = nnx.grad(lambda m: entropy(m(x), y).mean())(model)
    optimizer.update(model, grads)""",
    "factory": """
def make_train_step(tx, smoothing=0.0):
    @nnx.jit
    def train_step(model, opt_state, x, y):
        def loss_fn(model):
            return entropy(model(x), y).mean() + smoothing
        return nnx.value_and_grad(loss_fn)(model)
    return train_step""",
    "inside main": """
def main():
    model = Net(rngs=nnx.Rngs(0))
    print('training')
    def loss_fn(model, x, y):
        return entropy(model(x), y).mean()
    for step in range(10_000):
        nnx.grad(loss_fn)(model, jnp.ones((1, 30)), jnp.ones((1,), int))""",
    "method of a trainer": """
class Trainer:
    def __init__(self):
        self.model = Net(rngs=nnx.Rngs(0))
    def loss(self, model, x, y):
        return entropy(model(x), y).mean()
    def step(self, x, y):
        return nnx.value_and_grad(self.loss)(self.model, x, y)""",
    "functional": "def loss_fn(graphdef, params, rest, x, y):\n"
    "    return entropy(nnx.merge(graphdef, params, rest)(x), y).mean()",
    "functional with one state": "def loss_fn(state, graphdef, x, y):\n"
    "    return entropy(nnx.merge(graphdef, state)(x), y).mean()",
    "divided by hand": "def loss_fn(model, batch):\n"
    "    return (entropy(model(batch['x']), batch['y']).sum() / len(batch['y']))",
}


@pytest.mark.parametrize("text", OVER_NNX.values(), ids=OVER_NNX)
def test_loss_of_a_module(text, tmp_path):
    seen = see(write(tmp_path, NET + text + "\n"), "mlp")
    assert seen.label_dtype == "int32"
    check_entropy(seen)


def check_entropy(seen):
    tree, inputs = initial(seen), values(seen)
    np.testing.assert_allclose(run(seen.loss, tree, inputs, LABELS), entropy(run(seen.apply, tree, *inputs)), rtol=1e-5)


def entropy(logits):
    """Mean cross-entropy against `LABELS`."""
    return np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(7), LABELS])


LINEN = """
class Net(nn.Module):
    @nn.compact
    def __call__(self, x, train=False):
        x = nn.Dropout(0.5, deterministic=not train)(nn.relu(nn.Dense(8)(x)))
        return nn.Dense(2)(x)
entropy = optax.softmax_cross_entropy_with_integer_labels
"""
OVER_LINEN = {
    "parameters": "net = Net()\ndef loss_fn(params, x, y):\n"
    "    return entropy(net.apply({'params': params}, x), y).mean()",
    "variables": "net = Net()\ndef loss_fn(params, x, y):\n    return entropy(net.apply(params, x), y).mean()",
    "made on the way": "def loss_fn(params, x, y):\n    return entropy(Net().apply({'params': params}, x), y).mean()",
    "apply_fn": "def loss_fn(params, apply_fn, x, y):\n    return entropy(apply_fn({'params': params}, x), y).mean()",
    "model": "def loss_fn(model, params, batch):\n"
    "    x, y = batch\n"
    "    return entropy(model.apply({'params': params}, x), y).mean()",
    "state": "def loss_fn(params, state, x, y):\n    return entropy(state.apply_fn({'params': params}, x), y).mean()",
    "in training mode": """
def loss_fn(params, x, y, key):
    logits = Net().apply({'params': params}, x, train=True, rngs={'dropout': key})
    return entropy(logits, y).mean()""",
    "train state": """
@jax.jit
def train_step(state, batch, dropout_key):
    images, labels = batch['image'], batch['label']
    dropout_key = jax.random.fold_in(dropout_key, state.step)
    def loss_fn(params):
        logits = state.apply_fn({'params': params}, images, train=True, rngs={'dropout': dropout_key})
        return entropy(logits, labels).mean(), logits
    (loss, logits), grads = jax.value_and_grad(loss_fn, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), loss""",
    "model made in main": """
def loss_fn(params, x, y):
    return entropy(model.apply(params, x), y).mean()
if __name__ == '__main__':
    model = Net()
    params = model.init(jax.random.key(0), jnp.ones((1, 30)))""",
}


@pytest.mark.parametrize("text", OVER_LINEN.values(), ids=OVER_LINEN)
def test_loss_of_parameters(text, tmp_path):
    check_entropy(see(write(tmp_path, LINEN + text + "\n"), "mlp"))


OVER_OUTPUTS = {
    "logits, labels": "def cross_entropy(logits, labels):\n    return entropy(logits, labels).mean()",
    "labels, logits": "def cross_entropy(labels, logits):\n    return entropy(logits, labels).mean()",
    "one example": "def criterion(logits, label):\n"
    "    return -jax.nn.log_softmax(logits)[label]\nbatched = jax.vmap(criterion)",
    "each example's": "def criterion(logits, labels):\n    return entropy(logits, labels)",
    "imported": "criterion = lambda logits, labels: entropy(logits, labels).mean()",
}


@pytest.mark.parametrize("text", OVER_OUTPUTS.values(), ids=OVER_OUTPUTS)
def test_loss_of_outputs(text, tmp_path):
    seen = see(write(tmp_path, NET + text + "\n"), "mlp")
    assert seen.loss is None
    outputs = np.random.default_rng(0).normal(size=(7, 2)).astype(np.float32)
    np.testing.assert_allclose(run(seen.output_loss, outputs, LABELS), entropy(outputs), rtol=1e-5)


REGRESSION = """
class Net(nnx.Module):
    def __init__(self, rngs):
        self.one = nnx.Linear(30, 1, rngs=rngs)
    def __call__(self, x):
        return self.one(x){squeeze}
def loss_fn(model, x, y):
    return jnp.mean((model(x) - y) ** 2)
{data}
"""
VECTOR = "def make(n, rng):\n    x = rng.normal(size=(n, 30))\n    return x, x.sum(axis=1)"
COLUMN = "def make(n, rng):\n    x = rng.normal(size=(n, 30))\n    y = x.sum(axis=1)\n    return x, y[:, None]"


@pytest.mark.parametrize(
    ("squeeze", "data", "broadcasts"),
    [
        ("", "", False),
        ("", COLUMN, False),
        ("", VECTOR, True),
        ("[:, 0]", "", False),
        ("[:, 0]", VECTOR, False),
        ("[:, 0]", COLUMN, True),
    ],
    ids=["column", "column and column", "column and vector", "vector", "vector and vector", "vector and column"],
)
def test_targets_come_as_the_file_makes_them(squeeze, data, broadcasts, tmp_path):
    """A program whose own targets broadcast against its outputs is shown doing so; no other is."""
    seen = see(write(tmp_path, REGRESSION.format(squeeze=squeeze, data=data)), "mlp")
    assert seen.label_dtype == "float32"
    tree = jax.eval_shape(seen.init, jax.random.key(0))
    arrays = (jax.ShapeDtypeStruct((7, 30), jnp.float32),), jax.ShapeDtypeStruct((7, 1), jnp.float32)
    assert ("f32[7,7]" in str(jax.make_jaxpr(seen.loss)(tree, *arrays))) == broadcasts


def test_lines_of_a_closure_are_the_files(tmp_path):
    file = write(tmp_path, NET + OVER_NNX["closure"])
    seen = see(file, "mlp")
    tree = jax.eval_shape(seen.init, jax.random.key(0))
    arrays = (jax.ShapeDtypeStruct((7, 30), jnp.float32),), jax.ShapeDtypeStruct((7,), jnp.int32)
    traced = jax.make_jaxpr(seen.loss)(tree, *arrays)
    sites = [Sites((file,)).of(equation.source_info) for equation in traced.jaxpr.eqns]
    lines = {site.line for site in sites if site is not None and site.function.endswith("objective")}
    assert {pathlib.Path(file).read_text().splitlines()[line - 1].strip() for line in lines} == {
        "return entropy(net(x), y).mean()"
    }
