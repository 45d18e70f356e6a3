"""Research-style layer combinators; activations are kept height-width-channel-batch."""
import operator
from functools import reduce

import jax
import jax.numpy as jnp
from jax import lax, random

LAYOUT = ("HWCN", "HWIO", "HWCN")


def serial(*layers):
    inits, applies = zip(*layers)

    def init_fun(rng, in_shape):
        params = []
        for init in inits:
            rng, layer_rng = random.split(rng)
            in_shape, p = init(layer_rng, in_shape)
            params.append(p)
        return in_shape, params

    def apply_fun(params, x):
        for f, p in zip(applies, params):
            x = f(p, x)
        return x

    return init_fun, apply_fun


def conv(n_out, size, pad):
    def init(rng, in_shape):
        h, w, c, n = in_shape
        scale = (2.0 / (size * size * c)) ** 0.5
        kernel = scale * random.normal(rng, (size, size, c, n_out))
        grow = 2 * pad - size + 1
        return (h + grow, w + grow, n_out, n), (kernel, jnp.zeros((n_out, 1)))

    def fwd(p, x):
        kernel, b = p
        return lax.conv_general_dilated(x, kernel, (1, 1), [(pad, pad)] * 2,
                                        dimension_numbers=LAYOUT) + b
    return init, fwd


def elementwise(f):
    return (lambda rng, s: (s, ())), (lambda _, x: f(x))


def avg_pool():
    def fwd(_, x):
        return lax.reduce_window(x, 0.0, lax.add, (2, 2, 1, 1), (2, 2, 1, 1), "VALID") * 0.25
    return (lambda rng, s: ((s[0] // 2, s[1] // 2, s[2], s[3]), ())), fwd


def to_vectors():
    def init(rng, s):
        return (s[3], reduce(operator.mul, s[:3])), ()

    def fwd(_, x):
        batch_first = jnp.moveaxis(x, -1, 0)
        return batch_first.reshape(x.shape[-1], -1)
    return init, fwd


def dense(width, gain=2.0):
    def init(rng, s):
        w = random.normal(rng, (s[1], width)) * (gain / s[1]) ** 0.5
        return (s[0], width), (w, jnp.zeros(width))
    return init, lambda p, x: x @ p[0] + p[1]


Relu = elementwise(lambda x: jnp.maximum(x, 0))

_init, _apply = serial(
    conv(6, 5, pad=2), Relu, avg_pool(),
    conv(12, 5, pad=0), Relu, avg_pool(),
    to_vectors(),
    dense(72), Relu,
    dense(10, gain=1.0),
)


def init_fun(rng):
    return _init(rng, (28, 28, 1, 1))[1]


def apply_fun(params, images):
    return _apply(params, jnp.transpose(images, (1, 2, 3, 0)))


def criterion(logits, labels):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_norm = jnp.log(jnp.exp(shifted).sum(axis=1))
    chosen = jax.vmap(lambda row, k: row[k])(shifted, labels)
    return jnp.mean(log_norm - chosen)


@jax.jit
def update(params, x, y):
    def objective(p):
        return criterion(apply_fun(p, x), y)
    grads = jax.grad(objective)(params)
    return jax.tree_util.tree_map(lambda p, g: p - 0.02 * g, params, grads)
