"""Plain JAX network that hands back its hidden features beside the logits.

The features are plotted later on; the loss reads the logits alone.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax


def linear(x, kernel, bias):
    """x @ kernel + bias, spelled out for XLA."""
    dimension_numbers = (((1,), (0,)), ((), ()))
    y = lax.dot_general(x, kernel, dimension_numbers, precision=lax.Precision.HIGHEST)
    return lax.add(y, lax.broadcast(bias, (x.shape[0],)))


def init_params(key, features: int = 30, hidden: int = 64, outputs: int = 2):
    he = jax.nn.initializers.variance_scaling(2.0, "fan_in", "truncated_normal")
    key_1, key_2 = jax.random.split(key)
    return {
        "kernels": [he(key_1, (features, hidden), jnp.float32), he(key_2, (hidden, outputs), jnp.float32)],
        "biases": [jnp.zeros((hidden,)), jnp.zeros((outputs,))],
    }


def forward(params, x):
    k1, k2 = params["kernels"]
    b1, b2 = params["biases"]
    hidden = lax.max(linear(x, k1, b1), 0.0)
    logits = linear(hidden, k2, b2)
    return {"logits": logits, "features": hidden}


def loss_fn(params, batch):
    output = forward(params, batch["inputs"])
    loss = optax.softmax_cross_entropy_with_integer_labels(output["logits"], batch["targets"])
    return jnp.mean(loss), output


def make_optimizer():
    schedule = optax.exponential_decay(1e-3, transition_steps=200, decay_rate=0.9)
    return optax.adam(schedule)


@functools.partial(jax.jit, static_argnums=0)
def train_step(tx, params, opt_state, batch):
    (loss, _), grads = jax.value_and_grad(loss_fn, has_aux=True)(params, batch)
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss


def main():
    from sklearn.datasets import load_breast_cancer

    x, targets = load_breast_cancer(return_X_y=True)
    rng = np.random.default_rng(8)
    held_out = rng.random(len(x)) < 0.2
    mean, std = x[~held_out].mean(0), x[~held_out].std(0)
    inputs = ((x - mean) / std).astype(np.float32)
    x_train, t_train = inputs[~held_out], targets[~held_out]

    tx = make_optimizer()
    params = init_params(jax.random.key(8))
    opt_state = tx.init(params)
    for step in range(800):
        pick = rng.integers(0, len(x_train), 32)
        params, opt_state, loss = train_step(tx, params, opt_state, {"inputs": x_train[pick], "targets": t_train[pick]})
    output = forward(params, inputs[held_out])
    correct = output["logits"].argmax(-1) == targets[held_out]
    print(f"loss {loss:.4f}; held out: {correct.mean():.4f}; features: {output['features'].shape}")


if __name__ == "__main__":
    main()
