"""LSTM with a gate axis: kernels are (4, in, hidden), one einsum makes all gates.

What the inputs contribute does not depend on the state, so it is computed for the whole sequence before the loop.
"""

from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
import optax

I, F, G, O = range(4)  # noqa: E741


@dataclass(frozen=True)
class Hyper:
    hidden: int = 128
    lr: float = 3e-4
    steps: int = 4000
    batch: int = 32
    length: int = 20
    seeds: tuple = field(default=(0, 1))


def uniform_glorot(key, gates, fan_in, fan_out):
    limit = (6 / (fan_in + fan_out)) ** 0.5
    return limit * jax.random.uniform(key, (gates, fan_in, fan_out), minval=-1)


def init_params(key, n_in=2, hidden=128, n_out=1):
    kx, kh, ko = jax.random.split(key, 3)
    return dict(
        wx=uniform_glorot(kx, 4, n_in, hidden),
        wh=uniform_glorot(kh, 4, hidden, hidden),
        b=jnp.zeros((4, hidden)),
        head=dict(w=uniform_glorot(ko, 1, hidden, n_out)[0], b=jnp.zeros(n_out)),
    )


def forward(params, x):
    hidden = params["b"].shape[1]
    from_x = jnp.einsum("btd,gdh->tbgh", x, params["wx"]) + params["b"]  # (T, B, 4, H)

    def step(state, from_x_t):
        h, c = state
        pre = from_x_t + jnp.einsum("bk,gkh->bgh", h, params["wh"])
        c = jax.nn.sigmoid(pre[:, F]) * c + jax.nn.sigmoid(pre[:, I]) * jnp.tanh(pre[:, G])
        h = jax.nn.sigmoid(pre[:, O]) * jnp.tanh(c)
        return (h, c), h

    zeros = jnp.zeros((x.shape[0], hidden), x.dtype)
    _, h_all = jax.lax.scan(step, (zeros, zeros), from_x)  # (T, B, H)
    return jnp.einsum("bh,ho->bo", h_all[-1], params["head"]["w"]) + params["head"]["b"]


def loss_fn(params, batch):
    residual = forward(params, batch["x"]) - batch["y"]
    return jnp.mean(jnp.square(residual)), {"mae": jnp.mean(jnp.abs(residual))}


def make_update(tx):
    @jax.jit
    def update(params, opt_state, batch):
        (loss, aux), grads = jax.value_and_grad(loss_fn, has_aux=True)(params, batch)
        updates, opt_state = tx.update(grads, opt_state, params)
        return optax.apply_updates(params, updates), opt_state, {"loss": loss, **aux}

    return update


def adding_batch(rng, n, length):
    v = rng.uniform(-1, 1, (n, length)).astype(np.float32)
    m = np.zeros((n, length), np.float32)
    m[np.arange(n), rng.integers(0, min(10, length), n)] = 1
    second = rng.integers(0, length // 2 - 1, n)
    taken = m[np.arange(n), second] == 1
    second = np.where(taken, length // 2 - 1 + (m[:, length // 2 - 1] == 1), second)
    m[np.arange(n), second] = 1
    return {"x": np.stack([v, m], -1), "y": 0.5 + (v * m).sum(1, keepdims=True) / 4}


def main(hyper: Hyper = Hyper()):
    tx = optax.adam(hyper.lr)
    update = make_update(tx)
    for seed in hyper.seeds:
        rng = np.random.default_rng(seed)
        params = init_params(jax.random.key(seed), hidden=hyper.hidden)
        opt_state = tx.init(params)
        for i in range(hyper.steps):
            params, opt_state, metrics = update(params, opt_state, adding_batch(rng, hyper.batch, hyper.length))
            if i % 500 == 0:
                print(f"seed {seed} step {i}: " + " ".join(f"{k}={v:.4f}" for k, v in metrics.items()))


if __name__ == "__main__":
    main()
