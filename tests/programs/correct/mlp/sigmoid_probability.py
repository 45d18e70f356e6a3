"""Probability of malignancy from one sigmoid unit, cross-entropy written out with clipped probabilities."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

print("running on", jax.default_backend())


def init_params(key, n_features=30, n_hidden=64):
    k_hidden, k_output = jax.random.split(key)
    he = jax.nn.initializers.he_normal()
    return {
        "hidden": {"w": he(k_hidden, (n_features, n_hidden)), "b": jnp.zeros(n_hidden)},
        "output": {"w": he(k_output, (n_hidden, 1)), "b": jnp.zeros(1)},
    }


def predict(params, x):
    """Probability for each row of x, shape (n, 1)."""
    h = x @ params["hidden"]["w"] + params["hidden"]["b"]
    h = jax.nn.relu(h)
    logit = h @ params["output"]["w"] + params["output"]["b"]
    return jax.nn.sigmoid(logit)


def loss(params, x, y):
    p = predict(params, x)[:, 0]
    p = jnp.clip(p, 1e-7, 1 - 1e-7)
    positive = y * jnp.log(p)
    negative = (1 - y) * jnp.log(1 - p)
    return -jnp.mean(positive + negative)


optimizer = optax.adam(1e-3)


@jax.jit
def update(params, opt_state, x, y):
    value, grads = jax.value_and_grad(loss)(params, x, y)
    updates, opt_state = optimizer.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, value


def accuracy(params, x, y):
    return jnp.mean((predict(params, x)[:, 0] > 0.5) == y)


def get_data():
    from sklearn.datasets import load_breast_cancer

    bunch = load_breast_cancer(as_frame=False)
    malignant = 1 - bunch.target
    rng = np.random.default_rng(5)
    train = rng.random(len(malignant)) < 0.8
    location, scale = bunch.data[train].mean(0), bunch.data[train].std(0)
    x = (bunch.data - location) / scale
    return (x[train], malignant[train]), (x[~train], malignant[~train])


if __name__ == "__main__":
    (x_train, y_train), (x_test, y_test) = get_data()
    params = init_params(jax.random.PRNGKey(0))
    opt_state = optimizer.init(params)
    generator = np.random.default_rng(0)
    for step in range(1000):
        rows = generator.integers(len(x_train), size=32)
        params, opt_state, value = update(params, opt_state, x_train[rows], y_train[rows])
        if step % 100 == 99:
            print(step + 1, float(value), float(accuracy(params, x_test, y_test)))
