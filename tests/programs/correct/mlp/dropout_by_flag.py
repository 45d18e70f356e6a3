"""A small network with dropout written by hand."""
import jax
import jax.numpy as jnp
import optax

DROP_RATE = 0.2


def dropout(key, x, rate):
    keep = jax.random.bernoulli(key, 1 - rate, x.shape)
    return jnp.where(keep, x / (1 - rate), 0.0)


def init_params(key, features=30, hidden=64, classes=2):
    k1, k2 = jax.random.split(key)
    return {
        "w1": jax.random.normal(k1, (features, hidden)) * jnp.sqrt(2 / features),
        "b1": jnp.zeros(hidden),
        "w2": jax.random.normal(k2, (hidden, classes)) * jnp.sqrt(1 / hidden),
        "b2": jnp.zeros(classes),
    }


def forward(params, x, train=False, key=None):
    h = jax.nn.relu(x @ params["w1"] + params["b1"])
    if train:
        h = dropout(key, h, DROP_RATE)
    return h @ params["w2"] + params["b2"]


def loss_fn(params, x, y, key):
    logits = forward(params, x, train=True, key=key)
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()


optimizer = optax.adam(3e-4)


@jax.jit
def train_step(params, opt_state, x, y, key):
    loss, grads = jax.value_and_grad(loss_fn)(params, x, y, key)
    updates, opt_state = optimizer.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss


def accuracy(params, x, y):
    logits = forward(params, x, train=False)
    return (logits.argmax(-1) == y).mean()
