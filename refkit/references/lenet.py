"""LeNet: two convolutions, two poolings, three dense layers, for images.

Paper: LeCun, Bottou, Bengio, Haffner (1998), Gradient-based learning applied to document recognition.
Task: handwritten digits, 10 classes.
Run: python lenet.py
Known result: none yet.
"""

import dataclasses
from collections.abc import Callable

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


@dataclasses.dataclass(frozen=True)
class Config:
    """Sizes and defaults: Adam at 3e-4, ReLU with He initialisation, no regularisation."""

    image: tuple[int, int, int] = (28, 28, 1)
    channels: tuple[int, ...] = (6, 16)
    kernel: int = 5
    padding: tuple[str, ...] = ("SAME", "VALID")
    pool: Callable = nnx.avg_pool
    dense: tuple[int, ...] = (120, 84)
    classes: int = 10
    activation: Callable = nnx.relu
    kernel_init: Callable = nnx.initializers.he_normal()
    learning_rate: float = 3e-4
    batch_size: int = 32
    epochs: int = 30
    seed: int = 0


class LeNet(nnx.Module):
    """`f32[batch, 28, 28, 1]` in [0, 1] to logits `f32[batch, 10]`."""

    def __init__(self, config: Config, rngs: nnx.Rngs):
        self.config = config
        window, init = (config.kernel, config.kernel), config.kernel_init
        self.conv1 = nnx.Conv(config.image[-1], config.channels[0], window, padding=config.padding[0], kernel_init=init, rngs=rngs)
        self.conv2 = nnx.Conv(config.channels[0], config.channels[1], window, padding=config.padding[1], kernel_init=init, rngs=rngs)
        self.dense1 = nnx.Linear(flat_features(config), config.dense[0], kernel_init=init, rngs=rngs)
        self.dense2 = nnx.Linear(config.dense[0], config.dense[1], kernel_init=init, rngs=rngs)
        self.logits = nnx.Linear(config.dense[-1], config.classes, kernel_init=init, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        activation, pool = self.config.activation, self.config.pool
        chex.assert_shape(x, (None, *self.config.image))
        x = self.conv1(x)  # f32[batch, 28, 28, 6]
        x = activation(x)  # f32[batch, 28, 28, 6]
        x = pool(x, (2, 2), strides=(2, 2))  # f32[batch, 14, 14, 6]
        x = self.conv2(x)  # f32[batch, 10, 10, 16]
        x = activation(x)  # f32[batch, 10, 10, 16]
        x = pool(x, (2, 2), strides=(2, 2))  # f32[batch, 5, 5, 16]
        x = x.reshape(x.shape[0], -1)  # f32[batch, 400]
        x = self.dense1(x)  # f32[batch, 120]
        x = activation(x)  # f32[batch, 120]
        x = self.dense2(x)  # f32[batch, 84]
        x = activation(x)  # f32[batch, 84]
        x = self.logits(x)  # f32[batch, 10]
        return x


def flat_features(config: Config) -> int:
    """Features left once every convolution and pooling has run: 400 by default."""
    height, width, _ = config.image
    for padding in config.padding:
        lost = 0 if padding == "SAME" else config.kernel - 1
        height, width = (height - lost) // 2, (width - lost) // 2
    return height * width * config.channels[-1]


def loss_fn(model: LeNet, x: jax.Array, labels: jax.Array) -> jax.Array:
    """Mean cross-entropy in nats of logits against class ids `i32[batch]`."""
    logits = model(x)  # f32[batch, 10]
    chex.assert_shape(labels, logits.shape[:1])
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)  # f32[batch]
    return losses.mean()  # f32[]


def make_optimizer(model: LeNet, config: Config) -> nnx.Optimizer:
    return nnx.Optimizer(model, optax.adam(config.learning_rate), wrt=nnx.Param)


@nnx.jit
def train_step(model: LeNet, optimizer: nnx.Optimizer, x: jax.Array, labels: jax.Array) -> jax.Array:
    loss, grads = nnx.value_and_grad(loss_fn)(model, x, labels)
    optimizer.update(model, grads)
    return loss


def preprocess(images: np.ndarray) -> np.ndarray:
    """`u8[batch, 28, 28, 1]` in 0..255 to `f32` in [0, 1]."""
    return images.astype(np.float32) / 255


def accuracy(model: LeNet, x: np.ndarray, labels: np.ndarray) -> float:
    """Share of examples whose largest logit is the label's."""
    predictions = model(jnp.asarray(x)).argmax(axis=-1)
    return float((predictions == labels).mean())
