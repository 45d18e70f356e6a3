"""A network as a pair of functions made by a factory, and a loss for one example mapped over the batch."""

import jax
import jax.numpy as jnp
import numpy as np
import optax


def make_mlp(n_in, n_hidden, n_out):
    def init(key):
        keys = iter(jax.random.split(key, 2))
        he = jax.nn.initializers.he_normal()
        return (
            (he(next(keys), (n_in, n_hidden)), jnp.zeros(n_hidden)),
            (he(next(keys), (n_hidden, n_out)), jnp.zeros(n_out)),
        )

    def apply(params, x):
        (w_hidden, b_hidden), (w_out, b_out) = params
        hidden = jax.nn.relu(jnp.dot(x, w_hidden) + b_hidden)
        return jnp.dot(hidden, w_out) + b_out

    return init, apply


init, apply = make_mlp(30, 64, 2)


def cross_entropy(logits, target):
    """For one example: logits f32[2], target f32[2] one-hot."""
    return jax.nn.logsumexp(logits) - jnp.dot(logits, target)


def loss_fn(params, batch):
    logits = apply(params, batch["x"])
    targets = jax.nn.one_hot(batch["y"], logits.shape[1])
    losses = jax.vmap(cross_entropy)(logits, targets)
    return jnp.mean(losses)


tx = optax.adam(3e-4, eps=1e-7)


@jax.jit
def train_step(carry, batch):
    params, opt_state = carry
    loss, grads = jax.value_and_grad(loss_fn)(params, batch)
    updates, opt_state = tx.update(grads, opt_state, params)
    return (optax.apply_updates(params, updates), opt_state), loss


@jax.jit
def train_epoch(carry, epoch_data):
    """All batches of an epoch in one scan."""
    return jax.lax.scan(train_step, carry, epoch_data)


def accuracy(params, x, y):
    return jnp.mean(jnp.argmax(apply(params, x), axis=-1) == y)


def main():
    from sklearn.datasets import load_breast_cancer

    x, y = load_breast_cancer(return_X_y=True)
    rng = np.random.default_rng(0)
    order = rng.permutation(len(y))
    x, y = x[order], y[order]
    x = (x - x[:448].mean(0)) / x[:448].std(0)

    params = init(jax.random.key(0))
    carry = params, tx.init(params)
    for epoch in range(100):
        shuffled = rng.permutation(448).reshape(14, 32)
        carry, losses = train_epoch(carry, {"x": x[shuffled], "y": y[shuffled]})
    print("mean loss of the last epoch", losses.mean(), "test accuracy", accuracy(carry[0], x[448:], y[448:]))


if __name__ == "__main__":
    main()
