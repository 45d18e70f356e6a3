"""LeNet in stax, the small layer library that comes with JAX."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
from jax.example_libraries import optimizers, stax
from jax.example_libraries.stax import AvgPool, Dense, Flatten, GeneralConv, LogSoftmax, Relu
from jax.nn.initializers import he_normal, zeros

LAYOUT = ("NHWC", "HWIO", "NHWC")


def Conv(channels, size, padding):
    return GeneralConv(LAYOUT, channels, size, padding=padding, W_init=he_normal(), b_init=zeros)


def FullyConnected(units):
    return Dense(units, W_init=he_normal(), b_init=zeros)


init_fun, apply_fun = stax.serial(
    Conv(6, (5, 5), "SAME"),
    Relu,
    AvgPool((2, 2), strides=(2, 2)),
    Conv(16, (5, 5), "VALID"),
    Relu,
    AvgPool((2, 2), strides=(2, 2)),
    Flatten,
    FullyConnected(120),
    Relu,
    FullyConnected(84),
    Relu,
    FullyConnected(10),
    LogSoftmax,
)


def loss(params, batch):
    images, targets = batch
    log_probs = apply_fun(params, images)
    return -jnp.mean(jnp.sum(log_probs * targets, axis=1))


def accuracy(params, batch):
    images, targets = batch
    target_class = jnp.argmax(targets, axis=1)
    predicted_class = jnp.argmax(apply_fun(params, images), axis=1)
    return jnp.mean(predicted_class == target_class)


opt_init, opt_update, get_params = optimizers.momentum(0.01, mass=0.9)


@jax.jit
def update(i, opt_state, batch):
    params = get_params(opt_state)
    return opt_update(i, jax.grad(loss)(params, batch), opt_state)


def digits():
    from sklearn import datasets

    images, labels = datasets.load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8, 1) / 16
    images = np.pad(images.repeat(3, axis=1).repeat(3, axis=2), ((0, 0), (2, 2), (2, 2), (0, 0)))
    order = np.random.RandomState(0).permutation(len(labels))
    return images[order].astype(np.float32), np.eye(10, dtype=np.float32)[labels[order]]


def stream(images, targets, batch_size, seed=0):
    rng = np.random.RandomState(seed)
    while True:
        order = rng.permutation(len(images))
        for start in range(0, len(images), batch_size):
            rows = order[start : start + batch_size]
            yield images[rows], targets[rows]


if __name__ == "__main__":
    images, targets = digits()
    train, test = (images[:1500], targets[:1500]), (images[1500:], targets[1500:])
    _, params = init_fun(jax.random.PRNGKey(0), (-1, 28, 28, 1))
    opt_state = opt_init(params)
    batches = stream(*train, batch_size=50)
    steps = itertools.count()
    for epoch in range(3):
        for _ in range(30):
            opt_state = update(next(steps), opt_state, next(batches))
        print(f"epoch {epoch}: test accuracy {accuracy(get_params(opt_state), test):.3f}")
