"""ELU network written from the formulas of the paper, for iris-like tables of any size.

ELU(x) = x for x > 0 and exp(x) - 1 otherwise; the exponential is kept away from large x, since `where` still
differentiates the side that it does not take.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax


def elu(x):
    positive = x > 0
    below = jnp.where(positive, 0.0, x)
    return jnp.where(positive, x, jnp.exp(below) - 1.0)


def init_params(key, n_features=13, n_hidden=32, n_classes=3):
    k1, k2, k3 = jax.random.split(key, 3)
    lecun = jax.nn.initializers.lecun_normal()
    return {
        "first": (lecun(k1, (n_features, n_hidden)), jnp.zeros(n_hidden)),
        "second": (lecun(k2, (n_hidden, n_hidden)), jnp.zeros(n_hidden)),
        "third": (lecun(k3, (n_hidden, n_classes)), jnp.zeros(n_classes)),
    }


def predict(params, x):
    w, b = params["first"]
    x = elu(x @ w + b)
    w, b = params["second"]
    x = elu(x @ w + b)
    w, b = params["third"]
    return x @ w + b


def loss_fn(params, x, y):
    logits = predict(params, x)
    highest = logits.max(axis=-1, keepdims=True)
    weights = jnp.exp(logits - highest)
    p = weights / weights.sum(axis=-1, keepdims=True)
    p_true = p[jnp.arange(p.shape[0]), y]
    return -jnp.log(p_true + 1e-8).mean()


tx = optax.nadam(1e-3)


@jax.jit
def step(params, opt_state, x, y):
    loss, grads = jax.value_and_grad(loss_fn)(params, x, y)
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss


def load_wine_table(seed=0):
    from sklearn.datasets import load_wine

    x, y = load_wine(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(y))
    x, y = x[order], y[order]
    mean, std = x[:130].mean(0), x[:130].std(0)
    x = (x - mean) / std
    return x[:130], y[:130], x[130:], y[130:]


def main():
    x, y, x_test, y_test = load_wine_table()
    params = init_params(jax.random.key(0))
    opt_state = tx.init(params)
    rng = np.random.default_rng(0)
    for epoch in range(50):
        for rows in np.array_split(rng.permutation(len(y)), 8):
            params, opt_state, loss = step(params, opt_state, x[rows], y[rows])
    print("loss", float(loss), "accuracy", float((predict(params, x_test).argmax(-1) == y_test).mean()))


if __name__ == "__main__":
    main()
