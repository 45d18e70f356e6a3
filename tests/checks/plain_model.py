"""Models in plain JAX as users write them, for programs of theirs to be put together from."""

PLAIN_MODEL = """
import jax
import jax.numpy as jnp
import numpy as np
import optax
from functools import partial

def init_params(key):
    a, b = jax.random.split(key)
    he = jax.nn.initializers.he_normal()
    return {"w1": he(a, (FEATURES, HIDDEN)), "b1": jnp.zeros(HIDDEN),
            "w2": he(b, (HIDDEN, CLASSES)), "b2": jnp.zeros(CLASSES)}

def forward(params, x):
    return jax.nn.relu(x @ params["w1"] + params["b1"]) @ params["w2"] + params["b2"]

def loss_fn(params, x, y):
    return optax.softmax_cross_entropy_with_integer_labels(forward(params, x), y).mean()
"""


def plain_model(features: int, hidden: int, classes: int) -> str:
    """The text of an MLP with one hidden layer, its start and its loss."""
    sizes = {"FEATURES": features, "HIDDEN": hidden, "CLASSES": classes}
    text = PLAIN_MODEL
    for name, size in sizes.items():
        text = text.replace(name, str(size))
    return text
