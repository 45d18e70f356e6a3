"""Two matrices, two biases, one dictionary: the smallest MLP that does the job."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

N_FEATURES, N_HIDDEN, N_CLASSES = 30, 64, 2


def init_params(key):
    k1, k2 = jax.random.split(key)
    return {
        "w1": jax.random.normal(k1, (N_FEATURES, N_HIDDEN)) * (2 / N_FEATURES) ** 0.5,
        "b1": jnp.zeros(N_HIDDEN),
        "w2": jax.random.normal(k2, (N_HIDDEN, N_CLASSES)) * (2 / N_HIDDEN) ** 0.5,
        "b2": jnp.zeros(N_CLASSES),
    }


def forward(params, x):
    z1 = x @ params["w1"] + params["b1"]
    a1 = jnp.where(z1 > 0, z1, 0.0)
    z2 = a1 @ params["w2"] + params["b2"]
    return z2


def loss_fn(params, x, y):
    z = forward(params, x)
    z_max = jnp.max(z, axis=1, keepdims=True)
    log_total = z_max[:, 0] + jnp.log(jnp.sum(jnp.exp(z - z_max), axis=1))
    z_true = z[jnp.arange(z.shape[0]), y]
    return jnp.mean(log_total - z_true)


tx = optax.adam(1e-3)


@jax.jit
def train_step(params, opt_state, x, y):
    loss, grads = jax.value_and_grad(loss_fn)(params, x, y)
    updates, opt_state = tx.update(grads, opt_state)
    return optax.apply_updates(params, updates), opt_state, loss


def accuracy(logits, labels):
    return (logits.argmax(axis=1) == labels).mean()


def batches(x, y, batch_size, key):
    order = jax.random.permutation(key, len(x))
    for i in range(0, len(x), batch_size):
        take = order[i : i + batch_size]
        yield x[take], y[take]


def main():
    from sklearn.datasets import load_breast_cancer

    bunch = load_breast_cancer()
    x, y = bunch.data.astype(np.float32), bunch.target
    rng = np.random.default_rng(0)
    perm = rng.permutation(len(x))
    train, test = perm[:455], perm[455:]
    mean, std = x[train].mean(0), x[train].std(0)
    x = (x - mean) / std

    key = jax.random.PRNGKey(1)
    params = init_params(key)
    opt_state = tx.init(params)
    for epoch in range(60):
        key, sub = jax.random.split(key)
        for xb, yb in batches(x[train], y[train], 32, sub):
            params, opt_state, loss = train_step(params, opt_state, xb, yb)
        if epoch % 5 == 4:
            print(epoch + 1, float(loss), float(accuracy(forward(params, x[test]), y[test])))


if __name__ == "__main__":
    main()
