"""Dropout that a step's key does not switch on, and the line at which a layer gets PyTorch's momentum."""

import pytest

from tests.checks.plain_model import plain_model
from tests.checks.test_training_run import compared

DROPPED = (
    plain_model(30, 64, 2)
    .replace("def forward(params, x):", "def forward(params, x, key=None, train=False):")
    .replace(
        '    return jax.nn.relu(x @ params["w1"] + params["b1"]) @ params["w2"]',
        '    h = jax.nn.relu(x @ params["w1"] + params["b1"])\n'
        "    if train:\n        h = dropout(key, h, 0.3)\n"
        '    return h @ params["w2"]',
    )
    .replace("def loss_fn(params, x, y):", "def loss_fn(params, x, y, key):")
    .replace("forward(params, x), y)", "forward(params, x, key, train=True), y)")
    + """
def dropout(key, x, rate):
    return jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0.0)

tx = optax.adam(1e-3)

@jax.jit
def train_step(params, opt_state, x, y, key):
    key, other = jax.random.split(key)
    x = x + 0.01 * jax.random.normal(other, x.shape)
    loss, grads = jax.value_and_grad(loss_fn)(params, x, y, key)
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss
"""
)
QUIET = DROPPED.replace("    x = x + 0.01 * jax.random.normal(other, x.shape)\n", "")
NORMALISED = """
import jax
import optax
from flax import nnx
from functools import partial
from optax import sgd

MOMENTUM = 0.1
Norm = nnx.BatchNorm

class Net(nnx.Module):
    def __init__(self, rngs):
        self.hidden, self.out = nnx.Linear(30, 64, rngs=rngs), nnx.Linear(64, 2, rngs=rngs)
        self.norm = LAYER

    def __call__(self, x):
        return self.out(nnx.relu(self.norm(self.hidden(x))))

@nnx.jit
def train_step(model, optimizer, x, y):
    def loss_fn(model):
        return optax.softmax_cross_entropy_with_integer_labels(model(x), y).mean()

    loss, grads = nnx.value_and_grad(loss_fn)(model)
    optimizer.update(model, grads)
    return loss

def main():
    model = Net(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, sgd(0.01, momentum=0.9), wrt=nnx.Param)
"""


@pytest.mark.parametrize("text", [DROPPED, QUIET], ids=["with noise", "without"])
def test_a_key_without_the_mode(text, tmp_path):
    assert compared(tmp_path, text, "train-eval").findings == ()
    wrong = text.replace("forward(params, x, key, train=True)", "forward(params, x, key)")
    findings = compared(tmp_path, wrong, "train-eval").findings
    assert [finding.id for finding in findings] == ["dropout-never-active"]
    assert "forward(params, x, key)" in wrong.splitlines()[findings[0].line - 1]


@pytest.mark.parametrize(
    ("layer", "alias", "line"),
    [
        ("nnx.BatchNorm(64, momentum=MOMENTUM, rngs=rngs)", "nnx.BatchNorm", "self.norm = nnx.BatchNorm("),
        ("Norm(64, rngs=rngs)", "partial(nnx.BatchNorm, momentum=0.1)", "Norm = partial("),
    ],
    ids=["by a name", "in a partial"],
)
def test_the_layer_with_an_inverted_momentum_is_named(layer, alias, line, tmp_path):
    text = NORMALISED.replace("LAYER", layer).replace("Norm = nnx.BatchNorm", f"Norm = {alias}")
    findings = compared(tmp_path, text, "train-eval").findings
    assert [finding.id for finding in findings] == ["batchnorm-momentum-inverted"]
    assert line in text.splitlines()[findings[0].line - 1]
