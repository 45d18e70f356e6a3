"""LSTM by hand, following the notation of Gers, Schmidhuber & Cummins: W for inputs, U for the recurrent part.

    f_t = sigmoid(W_f x_t + U_f h_{t-1} + b_f)
    i_t = sigmoid(W_i x_t + U_i h_{t-1} + b_i)
    o_t = sigmoid(W_o x_t + U_o h_{t-1} + b_o)
    c_t = f_t * c_{t-1} + i_t * tanh(W_c x_t + U_c h_{t-1} + b_c)
    h_t = o_t * tanh(c_t)

Weights are drawn once with NumPy; training uses my own Adam.
"""

import jax
import jax.numpy as jnp
import numpy as np

N_INPUT = 2
N_HIDDEN = 128
N_OUTPUT = 1


def xavier(rng, rows, cols):
    a = np.sqrt(6 / (rows + cols))
    return jnp.asarray(rng.uniform(-a, a, size=(rows, cols)), dtype=jnp.float32)


def init_params(seed=0):
    rng = np.random.default_rng(seed)
    params = {}
    for gate in ("f", "i", "o", "c"):
        params["W_" + gate] = xavier(rng, N_INPUT, N_HIDDEN)
        params["U_" + gate] = xavier(rng, N_HIDDEN, N_HIDDEN)
        params["b_" + gate] = jnp.zeros((N_HIDDEN,))
    params["V"] = xavier(rng, N_HIDDEN, N_OUTPUT)
    params["b_y"] = jnp.zeros((N_OUTPUT,))
    return params


def sigmoid(z):
    return 0.5 * (jnp.tanh(0.5 * z) + 1)


def forward(p, X):
    batch_size, T, _ = X.shape
    h_t = jnp.zeros((batch_size, N_HIDDEN))
    c_t = jnp.zeros((batch_size, N_HIDDEN))
    for t in range(T):
        x_t = X[:, t, :]
        f_t = sigmoid(jnp.dot(x_t, p["W_f"]) + jnp.dot(h_t, p["U_f"]) + p["b_f"])
        i_t = sigmoid(jnp.dot(x_t, p["W_i"]) + jnp.dot(h_t, p["U_i"]) + p["b_i"])
        o_t = sigmoid(jnp.dot(x_t, p["W_o"]) + jnp.dot(h_t, p["U_o"]) + p["b_o"])
        c_tilde = jnp.tanh(jnp.dot(x_t, p["W_c"]) + jnp.dot(h_t, p["U_c"]) + p["b_c"])
        c_t = f_t * c_t + i_t * c_tilde
        h_t = o_t * jnp.tanh(c_t)
    return jnp.dot(h_t, p["V"]) + p["b_y"]


def loss_fn(p, X, Y):
    Y_hat = forward(p, X)
    return jnp.sum((Y_hat - Y) ** 2) / Y.shape[0]


@jax.jit
def train_step(p, m, v, t, X, Y, lr=3e-4, beta1=0.9, beta2=0.999, eps=1e-8):
    loss, g = jax.value_and_grad(loss_fn)(p, X, Y)
    m = jax.tree.map(lambda m, g: beta1 * m + (1 - beta1) * g, m, g)
    v = jax.tree.map(lambda v, g: beta2 * v + (1 - beta2) * g * g, v, g)
    scale = jnp.sqrt(1 - beta2**t) / (1 - beta1**t)
    p = jax.tree.map(lambda p, m, v: p - lr * scale * m / (jnp.sqrt(v) + eps), p, m, v)
    return p, m, v, loss


def generate(rng, n, T=20):
    X = np.zeros((n, T, 2), np.float32)
    X[:, :, 0] = rng.uniform(-1, 1, size=(n, T))
    first = rng.integers(0, T // 2, size=n)
    second = rng.integers(T // 2, T, size=n)
    X[np.arange(n), first, 1] = 1
    X[np.arange(n), second, 1] = 1
    Y = 0.5 + (X[:, :, 0] * X[:, :, 1]).sum(1) / 4
    return X, Y.reshape(n, 1)


def main():
    rng = np.random.default_rng(123)
    p = init_params()
    m = jax.tree.map(jnp.zeros_like, p)
    v = jax.tree.map(jnp.zeros_like, p)
    X_val, Y_val = generate(rng, 1000)
    for t in range(1, 4001):
        p, m, v, loss = train_step(p, m, v, t, *generate(rng, 32))
        if t % 500 == 0:
            off = jnp.abs(forward(p, X_val) - Y_val) > 0.04
            print(f"iteration {t}, loss {loss:.5f}, wrong {off.mean():.2%}")


if __name__ == "__main__":
    main()
