"""A deep tanh network whose equal hidden layers are stacked and run by lax.scan."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax
from jax.nn import initializers

WIDTH = 48
DEPTH = 3

glorot = initializers.glorot_normal()


def init_params(rng, num_features: int = 30, num_classes: int = 2) -> Any:
    rng_in, rng_mid, rng_out = jax.random.split(rng, 3)
    middle_keys = jax.random.split(rng_mid, DEPTH - 1)
    return {
        "input": {"kernel": glorot(rng_in, (num_features, WIDTH)), "bias": jnp.zeros(WIDTH)},
        "middle": {
            "kernel": jax.vmap(lambda k: glorot(k, (WIDTH, WIDTH)))(middle_keys),
            "bias": jnp.zeros((DEPTH - 1, WIDTH)),
        },
        "output": {"kernel": glorot(rng_out, (WIDTH, num_classes)), "bias": jnp.zeros(num_classes)},
    }


def dense(layer, x):
    return x @ layer["kernel"] + layer["bias"]


def forward(params, x):
    x = jnp.tanh(dense(params["input"], x))

    def body(carry, layer):
        carry = jnp.tanh(dense(layer, carry))
        return carry, None

    x, _ = lax.scan(body, x, params["middle"])
    return dense(params["output"], x)


def cross_entropy(params, x, labels):
    logits = forward(params, x)
    logp = jax.nn.log_softmax(logits)
    return -logp[jnp.arange(labels.size), labels].mean()


tx = optax.adam(optax.cosine_decay_schedule(3e-3, 1000))


@jax.jit
def update(params, opt_state, x, labels):
    value, grads = jax.value_and_grad(cross_entropy)(params, x, labels)
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, value


def iterate(x, y, batch_size, rng):
    order = rng.permutation(len(x))
    for start in range(0, len(x), batch_size):
        yield x[order[start : start + batch_size]], y[order[start : start + batch_size]]


def main():
    from sklearn.datasets import load_breast_cancer

    rng = np.random.default_rng(0)
    data = load_breast_cancer()
    split = rng.permutation(len(data.data))
    train, test = split[:420], split[420:]
    x = (data.data - data.data[train].mean(0)) / data.data[train].std(0)

    params = init_params(jax.random.key(5))
    opt_state = tx.init(params)
    for epoch in range(40):
        for xb, yb in iterate(x[train], data.target[train], 32, rng):
            params, opt_state, value = update(params, opt_state, xb, yb)
    answers = forward(params, x[test]).argmax(axis=-1)
    print("final loss", value, "test accuracy", (answers == data.target[test]).mean())


if __name__ == "__main__":
    main()
