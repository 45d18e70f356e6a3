"""LSTM with `fori_loop`: only the running state is kept, nothing is stacked.

Time comes first inside. The gates are packed in the order f, i, o, g and the three sigmoids are taken at once.
Run as a script it trains on the adding problem with plain momentum SGD.
"""

import functools
import math

import jax
import jax.numpy as jnp
import optax
from jax.nn.initializers import glorot_uniform, zeros


class Sizes:
    INPUT = 2
    HIDDEN = 128
    OUTPUT = 1


def init_fun(rng):
    kernel_init = glorot_uniform()
    k = jax.random.split(rng, 9)
    input_kernels = [kernel_init(k[n], (Sizes.INPUT, Sizes.HIDDEN)) for n in range(4)]
    recurrent_kernels = [kernel_init(k[4 + n], (Sizes.HIDDEN, Sizes.HIDDEN)) for n in range(4)]
    lstm = {
        "kernel": jnp.hstack(input_kernels),
        "recurrent_kernel": jnp.hstack(recurrent_kernels),
        "bias": zeros(rng, (4 * Sizes.HIDDEN,)),
    }
    dense = {
        "kernel": kernel_init(k[8], (Sizes.HIDDEN, Sizes.OUTPUT)),
        "bias": zeros(rng, (Sizes.OUTPUT,)),
    }
    return {"lstm": lstm, "dense": dense}


def cell(p, carry, x_t):
    h, c = carry
    pre = x_t @ p["kernel"] + h @ p["recurrent_kernel"] + p["bias"]
    n = Sizes.HIDDEN
    f, i, o = jnp.split(jax.nn.sigmoid(pre[:, : 3 * n]), 3, axis=-1)
    g = jnp.tanh(pre[:, 3 * n :])
    c = f * c + i * g
    return o * jnp.tanh(c), c


def apply_fun(params, x):
    x = jnp.moveaxis(x, 1, 0)  # time, batch, features
    steps, batch, _ = x.shape
    empty = jnp.zeros((batch, Sizes.HIDDEN))

    def body(t, carry):
        return cell(params["lstm"], carry, x[t])

    h, _ = jax.lax.fori_loop(0, steps, body, (empty, empty))
    return h @ params["dense"]["kernel"] + params["dense"]["bias"]


def mean_squared_error(predictions, targets):
    return jnp.mean(jnp.square(targets - predictions))


def loss_fn(params, batch):
    inputs, targets = batch
    return mean_squared_error(apply_fun(params, inputs), targets)


opt = optax.sgd(0.05, momentum=0.9)


@jax.jit
def train_step(params, opt_state, batch):
    loss, grads = jax.value_and_grad(loss_fn)(params, batch)
    delta, opt_state = opt.update(grads, opt_state)
    return optax.apply_updates(params, delta), opt_state, loss


@functools.partial(jax.jit, static_argnums=(1, 2))
def get_batch(rng, batch_size=64, steps=20):
    rng_values, rng_marks = jax.random.split(rng)
    values = jax.random.uniform(rng_values, (batch_size, steps), minval=-1.0, maxval=1.0)
    # the two largest of random scores are the marked places
    scores = jax.random.uniform(rng_marks, (batch_size, steps))
    threshold = jnp.sort(scores, axis=1)[:, -2:-1]
    marks = (scores >= threshold).astype(values.dtype)
    targets = 0.5 + jnp.sum(values * marks, axis=1, keepdims=True) / 4
    return jnp.stack([values, marks], axis=-1), targets


def main():
    rng = jax.random.PRNGKey(7)
    params = init_fun(rng)
    opt_state = opt.init(params)
    n_params = sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(params))
    print("parameters:", n_params)
    for i in range(3000):
        params, opt_state, loss = train_step(params, opt_state, get_batch(jax.random.fold_in(rng, i)))
        if i % 300 == 0:
            print(f"{i:6d} {loss:.6f}")


if __name__ == "__main__":
    main()
