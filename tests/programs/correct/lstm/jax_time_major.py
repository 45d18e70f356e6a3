"""Adding problem, time-major throughout: sequences are stored as [time, batch, 2], as the scan wants them.

python jax_time_major.py --steps 5000 --hidden 128
"""

import argparse
import collections

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import optax

Gate = collections.namedtuple("Gate", ["w", "u", "b"])
Params = collections.namedtuple("Params", ["input", "forget", "output", "update", "readout_w", "readout_b"])


def init_gate(key, n_in, n_hidden):
    key_w, key_u = jax.random.split(key)
    init = jax.nn.initializers.glorot_uniform()
    return Gate(init(key_w, (n_in, n_hidden)), init(key_u, (n_hidden, n_hidden)), jnp.zeros(n_hidden))


def init_params(key, n_in=2, n_hidden=128, n_out=1):
    *gate_keys, key_out = jax.random.split(key, 5)
    gates = [init_gate(k, n_in, n_hidden) for k in gate_keys]
    readout = jax.nn.initializers.glorot_uniform()(key_out, (n_hidden, n_out))
    return Params(*gates, readout, jnp.zeros(n_out))


def affine(gate, x, h):
    return x @ gate.w + h @ gate.u + gate.b


def scan_body(params, state, x_t):
    h_prev, c_prev = state
    i_t = jax.nn.sigmoid(affine(params.input, x_t, h_prev))
    f_t = jax.nn.sigmoid(affine(params.forget, x_t, h_prev))
    o_t = jax.nn.sigmoid(affine(params.output, x_t, h_prev))
    u_t = jnp.tanh(affine(params.update, x_t, h_prev))
    c_t = i_t * u_t + f_t * c_prev
    h_t = o_t * jnp.tanh(c_t)
    return (h_t, c_t), h_t


def forward(params, x):
    """x: [time, batch, features]"""
    n_hidden = params.input.b.shape[0]
    init_state = (jnp.zeros((x.shape[1], n_hidden)), jnp.zeros((x.shape[1], n_hidden)))
    (h_last, _), _ = jax.lax.scan(lambda s, x_t: scan_body(params, s, x_t), init_state, x)
    return h_last @ params.readout_w + params.readout_b


def mse_loss(params, x, y):
    return jnp.mean((y - forward(params, x)) ** 2)


def make_update(optimizer):
    @jax.jit
    def update(params, opt_state, x, y):
        value, grads = jax.value_and_grad(mse_loss)(params, x, y)
        updates, opt_state = optimizer.update(grads, opt_state, params)
        return optax.apply_updates(params, updates), opt_state, value

    return update


def generate(rng, batch, steps):
    x = np.zeros((steps, batch, 2), np.float32)
    x[:, :, 0] = rng.uniform(-1, 1, (steps, batch))
    cols = np.arange(batch)
    x[rng.integers(0, steps // 2, batch), cols, 1] = 1
    x[rng.integers(steps // 2, steps, batch), cols, 1] = 1
    y = 0.5 + (x[:, :, 0] * x[:, :, 1]).sum(0) / 4
    return x, y[:, None]


def plot(losses, path="adding_loss.png"):
    plt.semilogy(losses)
    plt.xlabel("update")
    plt.ylabel("squared error")
    plt.savefig(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--length", type=int, default=20)
    parser.add_argument("--lr", type=float, default=3e-4)
    args = parser.parse_args()

    rng = np.random.default_rng(0)
    params = init_params(jax.random.key(0), n_hidden=args.hidden)
    optimizer = optax.adam(args.lr)
    opt_state = optimizer.init(params)
    update = make_update(optimizer)
    losses = []
    for _ in range(args.steps):
        params, opt_state, value = update(params, opt_state, *generate(rng, 32, args.length))
        losses.append(float(value))
    plot(losses)
    x, y = generate(rng, 1000, args.length)
    print("wrong:", float(jnp.mean(jnp.abs(forward(params, x) - y) > 0.04)))


if __name__ == "__main__":
    main()
