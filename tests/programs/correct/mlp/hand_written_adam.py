"""No Flax, no Optax: network, cross-entropy and Adam in a hundred lines of JAX."""

import jax
import jax.numpy as jnp
import numpy as np

LR, BETA1, BETA2, EPSILON = 3e-4, 0.9, 0.999, 1e-8


def init(rng):
    rng_a, rng_b = jax.random.split(rng)
    bound_a, bound_b = np.sqrt(6 / 30), np.sqrt(6 / 64)
    return {
        "params": {
            "fc_a": {
                "kernel": jax.random.uniform(rng_a, (30, 64), minval=-bound_a, maxval=bound_a),
                "bias": jnp.zeros((64,)),
            },
            "fc_b": {
                "kernel": jax.random.uniform(rng_b, (64, 2), minval=-bound_b, maxval=bound_b),
                "bias": jnp.zeros((2,)),
            },
        }
    }


def apply(variables, x):
    p = variables["params"]
    pre = jnp.tensordot(x, p["fc_a"]["kernel"], axes=1) + p["fc_a"]["bias"]
    act = pre * (pre > 0)
    return jnp.tensordot(act, p["fc_b"]["kernel"], axes=1) + p["fc_b"]["bias"]


def log_softmax(z):
    z = z - jax.lax.stop_gradient(z.max(-1, keepdims=True))
    return z - jnp.log(jnp.exp(z).sum(-1, keepdims=True))


def loss_fn(variables, batch):
    x, y = batch
    logp = log_softmax(apply(variables, x))
    losses = -logp[jnp.arange(len(y)), y]
    return losses.sum() / len(y)


def adam_init(variables):
    zeros = jax.tree.map(jnp.zeros_like, variables)
    return {"m": zeros, "v": zeros, "t": jnp.zeros((), jnp.int32)}


def adam(variables, grads, state):
    t = state["t"] + 1
    m = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, state["m"], grads)
    v = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, state["v"], grads)

    def move(p, m, v):
        m_hat = m / (1 - BETA1**t)
        v_hat = v / (1 - BETA2**t)
        return p - LR * m_hat / (jnp.sqrt(v_hat) + EPSILON)

    return jax.tree.map(move, variables, m, v), {"m": m, "v": v, "t": t}


@jax.jit
def train_step(variables, state, batch):
    loss, grads = jax.value_and_grad(loss_fn)(variables, batch)
    variables, state = adam(variables, grads, state)
    return variables, state, loss


def load():
    from sklearn.datasets import load_breast_cancer

    x, y = load_breast_cancer(return_X_y=True)
    p = np.random.default_rng(0).permutation(len(y))
    train, test = p[:480], p[480:]
    mean, std = x[train].mean(0), x[train].std(0)
    return ((x[train] - mean) / std, y[train]), ((x[test] - mean) / std, y[test])


if __name__ == "__main__":
    (x, y), (x_test, y_test) = load()
    variables = init(jax.random.PRNGKey(0))
    state = adam_init(variables)
    for epoch in range(100):
        p = np.random.default_rng(epoch).permutation(len(y))
        for i in range(0, len(y), 32):
            variables, state, loss = train_step(variables, state, (x[p[i : i + 32]], y[p[i : i + 32]]))
    print("loss", loss, "accuracy", (apply(variables, x_test).argmax(-1) == y_test).mean())
