"""Two layers and SGD with momentum, all by hand."""

import jax
import jax.numpy as jnp
import numpy as np

MU = 0.9
LR = 0.05


def init_params(key, sizes=(30, 64, 2)):
    keys = jax.random.split(key, len(sizes) - 1)
    return [
        {"w": jax.random.normal(k, (m, n)) * jnp.sqrt(2.0 / m), "b": jnp.zeros(n)}
        for k, m, n in zip(keys, sizes[:-1], sizes[1:])
    ]


def forward(params, x):
    for layer in params[:-1]:
        x = jax.nn.relu(x @ layer["w"] + layer["b"])
    return x @ params[-1]["w"] + params[-1]["b"]


def loss_fn(params, x, y):
    log_probs = jax.nn.log_softmax(forward(params, x))
    return -jnp.mean(log_probs[jnp.arange(len(y)), y])


@jax.jit
def train_step(params, velocity, x, y, lr):
    loss, grads = jax.value_and_grad(loss_fn)(params, x, y)
    velocity = jax.tree.map(lambda v, g: MU * v - lr * g, velocity, grads)
    params = jax.tree.map(lambda p, v: p + v, params, velocity)
    return params, velocity, loss


def main():
    from sklearn.datasets import load_breast_cancer

    x, y = load_breast_cancer(return_X_y=True)
    x = ((x - x.mean(0)) / x.std(0)).astype(np.float32)
    params = init_params(jax.random.key(0))
    velocity = jax.tree.map(jnp.zeros_like, params)
    rng = np.random.default_rng(0)
    lr = LR
    for epoch in range(40):
        for rows in np.array_split(rng.permutation(len(x)), 18):
            params, velocity, loss = train_step(params, velocity, x[rows], y[rows], lr)
        lr *= 0.95
        print(f"epoch {epoch}: {loss:.4f}")


if __name__ == "__main__":
    main()
