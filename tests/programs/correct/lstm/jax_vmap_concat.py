"""LSTM for a single sequence; the batch comes from `jax.vmap`.

As in Colah's blog post, every gate looks at [h_{t-1}, x_t] glued together. The parameters are a list of
(weight, bias) tuples: forget, input, candidate, output, and the readout last.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax

HIDDEN = 128


def block_glorot(key, n_hidden, n_in):
    """Rows for h and rows for x are initialised each with their own fan."""
    key_h, key_x = jax.random.split(key)
    bound_h = jnp.sqrt(6 / (n_hidden + n_hidden))
    bound_x = jnp.sqrt(6 / (n_in + n_hidden))
    rows_h = jax.random.uniform(key_h, (n_hidden, n_hidden), minval=-bound_h, maxval=bound_h)
    rows_x = jax.random.uniform(key_x, (n_in, n_hidden), minval=-bound_x, maxval=bound_x)
    return jnp.concatenate([rows_h, rows_x])


def init_params(key, n_in=2, n_hidden=HIDDEN, n_out=1):
    *gate_keys, out_key = jax.random.split(key, 5)
    gates = [(block_glorot(k, n_hidden, n_in), jnp.zeros(n_hidden)) for k in gate_keys]
    bound = jnp.sqrt(6 / (n_hidden + n_out))
    readout = (jax.random.uniform(out_key, (n_hidden, n_out), minval=-bound, maxval=bound), jnp.zeros(n_out))
    return gates + [readout]


def predict_one(params, sequence):
    """[time, features] -> [outputs]"""
    (Wf, bf), (Wi, bi), (Wc, bc), (Wo, bo), (Wy, by) = params

    def step(carry, x):
        h, c = carry
        hx = jnp.concatenate([h, x])
        f = jax.nn.sigmoid(hx @ Wf + bf)
        i = jax.nn.sigmoid(hx @ Wi + bi)
        c_tilde = jnp.tanh(hx @ Wc + bc)
        c = f * c + i * c_tilde
        o = jax.nn.sigmoid(hx @ Wo + bo)
        h = o * jnp.tanh(c)
        return (h, c), None

    start = jnp.zeros(HIDDEN), jnp.zeros(HIDDEN)
    (h, _), _ = jax.lax.scan(step, start, sequence)
    return h @ Wy + by


predict = jax.vmap(predict_one, in_axes=(None, 0))


def loss_one(params, sequence, target):
    return jnp.sum((predict_one(params, sequence) - target) ** 2)


def loss(params, sequences, targets):
    return jnp.mean(jax.vmap(loss_one, in_axes=(None, 0, 0))(params, sequences, targets))


tx = optax.adam(3e-4)


@jax.jit
def step(params, opt_state, sequences, targets):
    value, grads = jax.value_and_grad(loss)(params, sequences, targets)
    updates, opt_state = tx.update(grads, opt_state)
    return optax.apply_updates(params, updates), opt_state, value


def make_data(n, length, seed):
    rng = np.random.default_rng(seed)
    numbers = rng.uniform(-1, 1, (n, length))
    marks = np.zeros((n, length))
    places = np.argsort(rng.random((n, length)), axis=1)[:, :2]
    np.put_along_axis(marks, places, 1, axis=1)
    targets = 0.5 + (numbers * marks).sum(1, keepdims=True) / 4
    return np.stack([numbers, marks], axis=2).astype(np.float32), targets.astype(np.float32)


if __name__ == "__main__":
    x_train, y_train = make_data(10_000, 20, seed=0)
    x_test, y_test = make_data(1_000, 20, seed=1)
    params = init_params(jax.random.PRNGKey(0))
    opt_state = tx.init(params)
    rng = np.random.default_rng(2)
    for epoch in range(20):
        for rows in np.array_split(rng.permutation(len(x_train)), len(x_train) // 32):
            params, opt_state, value = step(params, opt_state, x_train[rows], y_train[rows])
        error = jnp.abs(predict(params, x_test) - y_test)
        print(f"epoch {epoch}  last loss {value:.5f}  test accuracy {(error < 0.04).mean():.3f}")
