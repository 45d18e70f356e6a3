"""A loss whose own dropout is on because it says so is still seen in evaluation mode."""

import textwrap

import pytest

import refkit

LAYERS = """
import jax
import jax.numpy as jnp
import optax
from flax import linen as nn
from flax import nnx

def dropout(key, x, rate=0.2):
    keep = jax.random.bernoulli(key, 1 - rate, x.shape)
    return jnp.where(keep, x / (1 - rate), 0.0)

def init_params(key):
    k1, k2 = jax.random.split(key)
    he = jax.nn.initializers.he_normal()
    return {"w1": he(k1, (30, 64)), "b1": jnp.zeros(64), "w2": he(k2, (64, 2)), "b2": jnp.zeros(2)}
"""
BY_FLAG = """
def forward(params, x, key, is_training):
    h = jax.nn.relu(x @ params["w1"] + params["b1"])
    if is_training:
        h = dropout(key, h)
    return h @ params["w2"] + params["b2"]

def loss_fn(params, x, y, key):
    logits = forward(params, x, key, True)
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()
"""
BY_KEY = """
def forward(params, x, dropout_key=None):
    h = jax.nn.relu(x @ params["w1"] + params["b1"])
    if dropout_key is not None:
        h = dropout(dropout_key, h)
    return h @ params["w2"] + params["b2"]

def loss_fn(params, x, y, key):
    logits = forward(params, x, dropout_key=key)
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()
"""
BY_ATTRIBUTE = """
class Net(nnx.Module):
    def __init__(self, rngs):
        self.fc1, self.fc2 = nnx.Linear(30, 64, rngs=rngs), nnx.Linear(64, 2, rngs=rngs)

    def __call__(self, x, key=None, train=False):
        h = nnx.relu(self.fc1(x))
        if train:
            h = dropout(key, h)
        return self.fc2(h)

def loss_fn(model, x, y, key):
    return optax.softmax_cross_entropy_with_integer_labels(model(x, key, train=True), y).mean()
"""
IN_LINEN = """
class Net(nn.Module):
    @nn.compact
    def __call__(self, x, train: bool = False):
        h = nn.relu(nn.Dense(64)(x))
        if train:
            h = dropout(self.make_rng("dropout"), h)
        return nn.Dense(2)(h)

model = Net()

def loss_fn(params, x, y, key):
    logits = model.apply({"params": params}, x, train=True, rngs={"dropout": key})
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()
"""


@pytest.mark.parametrize("text", [BY_FLAG, BY_KEY, BY_ATTRIBUTE, IN_LINEN], ids=["flag", "key", "nnx", "linen"])
def test_dropout_by_hand_is_off_in_the_loss(tmp_path, text):
    (tmp_path / "net.py").write_text(LAYERS + textwrap.dedent(text))
    report = refkit.compare(str(tmp_path / "net.py"), "mlp", until="gradients")
    assert report.verdict == "same", [(f.id, f.line, f.message) for f in report.findings]
    assert {rung.name: rung.status for rung in report.rungs}["gradients"] == "pass"
