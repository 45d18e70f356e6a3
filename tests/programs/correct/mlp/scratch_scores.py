"""A two-layer net from scratch in JAX, its accuracy taken over batches."""

import jax
import jax.numpy as jnp
import numpy as np

BATCH_SIZE = 50


def init_params(key):
    k1, k2 = jax.random.split(key)
    return {
        "w1": jax.random.normal(k1, (30, 64)) * jnp.sqrt(2 / 30), "b1": jnp.zeros(64),
        "w2": jax.random.normal(k2, (64, 2)) * jnp.sqrt(2 / 64), "b2": jnp.zeros(2),
    }


def forward(params, x):
    h = jax.nn.relu(x @ params["w1"] + params["b1"])
    return h @ params["w2"] + params["b2"]


def loss_fn(params, x, y):
    logp = jax.nn.log_softmax(forward(params, x))
    return -jnp.mean(jnp.take_along_axis(logp, y[:, None], axis=1))


@jax.jit
def update(params, x, y, lr=0.05):
    loss, grads = jax.value_and_grad(loss_fn)(params, x, y)
    return jax.tree.map(lambda p, g: p - lr * g, params, grads), loss


def batches(x, y, size):
    for i in range(0, len(x), size):
        yield x[i : i + size], y[i : i + size]


def accuracy(params, x, y):
    hits = []
    for xb, yb in batches(x, y, BATCH_SIZE):
        guess = jnp.argmax(forward(params, xb), axis=1)
        hits.append(np.asarray(guess == yb))
    return 100 * np.concatenate(hits).mean()


def error_count(params, x, y):
    wrong = 0
    for xb, yb in batches(x, y, BATCH_SIZE):
        wrong += int((forward(params, xb).argmax(1) != yb).sum())
    return wrong


if __name__ == "__main__":
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    X = ((data.data - data.data.mean(0)) / data.data.std(0)).astype(np.float32)
    X_train, y_train, X_test, y_test = X[:450], data.target[:450], X[450:], data.target[450:]
    params = init_params(jax.random.key(0))
    for epoch in range(20):
        for xb, yb in batches(X_train, y_train, BATCH_SIZE):
            params, loss = update(params, xb, yb)
        print(epoch, loss, "test %:", accuracy(params, X_test, y_test), error_count(params, X_test, y_test))
