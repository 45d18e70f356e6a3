"""Convnet on MNIST with jax.example_libraries, after the mnist_classifier example."""
import itertools
import time

import jax
import jax.numpy as jnp
import numpy.random as npr
from jax import grad, jit, random
from jax.example_libraries import optimizers, stax
from jax.example_libraries.stax import AvgPool, Conv, Dense, Flatten, Relu, elementwise
from jax.nn.initializers import he_normal, normal

Softmax = elementwise(jax.nn.softmax, axis=-1)
LogProbs = elementwise(jax.nn.log_softmax, axis=1)

features = stax.serial(
    Conv(32, (3, 3), padding="SAME"),
    Relu,
    AvgPool((2, 2), strides=(2, 2)),
    Conv(64, (3, 3), padding="SAME"), Relu,
    AvgPool(window_shape=(2, 2), strides=(2, 2), padding="VALID"),
)

classifier = stax.serial(
    Flatten,
    Dense(256, W_init=he_normal(), b_init=normal(1e-6)),
    Relu,
    Dense(10),
    LogProbs,
)

init_random_params, predict = stax.serial(features, classifier)


def init_params(rng):
    _, params = init_random_params(rng, (-1, 28, 28, 1))
    return params


def forward(params, inputs):
    return predict(params, inputs)


def loss(params, batch):
    inputs, targets = batch
    preds = forward(params, inputs)
    targets = jax.nn.one_hot(targets, 10)
    return -jnp.mean(jnp.sum(preds * targets, axis=1))


def accuracy(params, batch):
    inputs, targets = batch
    return jnp.mean(jnp.argmax(forward(params, inputs), axis=1) == targets)


opt_init, opt_update, get_params = optimizers.adam(1e-3)


@jit
def update(i, opt_state, batch):
    params = get_params(opt_state)
    return opt_update(i, grad(loss)(params, batch), opt_state)


def data_stream(images, labels, batch_size=128, seed=0):
    rng = npr.RandomState(seed)
    while True:
        perm = rng.permutation(len(images))
        for start in range(0, len(images), batch_size):
            idx = perm[start:start + batch_size]
            yield images[idx], labels[idx]


def run(images, labels, num_epochs=10, batch_size=128):
    opt_state = opt_init(init_params(random.PRNGKey(0)))
    stream = data_stream(images, labels, batch_size)
    itercount = itertools.count()
    for epoch in range(num_epochs):
        start = time.time()
        for _ in range(-(-len(images) // batch_size)):
            opt_state = update(next(itercount), opt_state, next(stream))
        print(f"Epoch {epoch} in {time.time() - start:0.2f} sec")
    return get_params(opt_state)
