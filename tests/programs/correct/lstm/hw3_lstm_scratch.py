# CS 6xx  Homework 3, Q2: LSTM from scratch (no nn library allowed!)
#
# Gates as in the lecture notes (slide 14):
#   f = sigmoid(x Wf + h Uf + bf)     forget gate
#   i = sigmoid(x Wi + h Ui + bi)     input gate
#   o = sigmoid(x Wo + h Uo + bo)     output gate
#   g = tanh(x Wg + h Ug + bg)        candidate
import jax
import jax.numpy as jnp
from jax import lax, random
import optax

H = 128
D = 2


def glorot(key, n_in, n_out):
    limit = jnp.sqrt(6.0 / (n_in + n_out))
    return random.uniform(key, (n_in, n_out), minval=-limit, maxval=limit)


def init_params(key):
    keys = random.split(key, 9)
    params = {}
    for n, gate in enumerate("fiog"):
        params["W" + gate] = glorot(keys[2 * n], D, H)
        params["U" + gate] = glorot(keys[2 * n + 1], H, H)
        params["b" + gate] = jnp.zeros(H)
    params["Wy"] = glorot(keys[8], H, 1)
    params["by"] = jnp.zeros(1)
    return params


def step_lstm(p, carry, x_t):
    h, c = carry
    f = jax.nn.sigmoid(x_t @ p["Wf"] + h @ p["Uf"] + p["bf"])
    i = jax.nn.sigmoid(x_t @ p["Wi"] + h @ p["Ui"] + p["bi"])
    o = jax.nn.sigmoid(x_t @ p["Wo"] + h @ p["Uo"] + p["bo"])
    g = jnp.tanh(x_t @ p["Wg"] + h @ p["Ug"] + p["bg"])
    c_new = f * c + i * g
    h_new = o * jnp.tanh(c_new)
    return (h_new, c_new), h_new


def forward(params, x):
    """x: (batch, time, 2)  ->  (batch, 1)"""
    xs = jnp.swapaxes(x, 0, 1)
    zeros = jnp.zeros((xs.shape[1], H))
    _, hs = lax.scan(lambda s, x_t: step_lstm(params, s, x_t), (zeros, zeros), xs)
    hs = jnp.swapaxes(hs, 0, 1)
    h_last = hs[:, -1]
    y_hat = h_last @ params["Wy"] + params["by"]
    return y_hat


def loss(params, x, y):
    y_hat = forward(params, x)
    return jnp.mean((y_hat - y.reshape(-1, 1)) ** 2)


optimizer = optax.adam(3e-4)


@jax.jit
def update(params, opt_state, x, y):
    value, grads = jax.value_and_grad(loss)(params, x, y)
    updates, opt_state = optimizer.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, value


def sample(key, n, T=20):
    k1, k2, k3 = random.split(key, 3)
    v = random.uniform(k1, (n, T), minval=-1.0, maxval=1.0)
    a = random.randint(k2, (n,), 0, T // 4)
    b = random.randint(k3, (n,), T // 4, T // 2)
    m = jax.nn.one_hot(a, T) + jax.nn.one_hot(b, T)
    return jnp.stack([v, m], -1), 0.5 + (v * m).sum(1) / 4


if __name__ == "__main__":
    params = init_params(random.PRNGKey(6))
    opt_state = optimizer.init(params)
    for t in range(3000):
        x, y = sample(random.fold_in(random.PRNGKey(7), t), 50)
        params, opt_state, value = update(params, opt_state, x, y)
        if t % 300 == 0:
            print(t, value)
