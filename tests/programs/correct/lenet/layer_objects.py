"""Layers as frozen dataclasses that are pytrees themselves: no framework."""
import dataclasses
import math

import jax
import jax.numpy as jnp
from jax import lax
from jax.tree_util import register_dataclass


@register_dataclass
@dataclasses.dataclass(frozen=True)
class Affine:
    weight: jax.Array
    bias: jax.Array

    @classmethod
    def create(cls, key, n_in, n_out):
        bound = math.sqrt(6 / (n_in + n_out))
        return cls(jax.random.uniform(key, (n_in, n_out), minval=-bound, maxval=bound),
                   jnp.zeros(n_out))

    def __call__(self, x):
        return jnp.dot(x, self.weight) + self.bias


@register_dataclass
@dataclasses.dataclass(frozen=True)
class Convolution:
    weight: jax.Array   # out, height, width, in
    bias: jax.Array

    @classmethod
    def create(cls, key, c_in, c_out, size):
        area = size * size
        bound = math.sqrt(6 / (area * c_in + area * c_out))
        shape = (c_out, size, size, c_in)
        return cls(jax.random.uniform(key, shape, minval=-bound, maxval=bound), jnp.zeros(c_out))

    def __call__(self, x, padding):
        y = lax.conv_general_dilated(x, self.weight, window_strides=(1, 1), padding=padding,
                                     dimension_numbers=("NHWC", "OHWI", "NHWC"))
        return y + self.bias


def average2(x):
    total = lax.reduce_window(x, 0.0, lax.add, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    return total / 4


@register_dataclass
@dataclasses.dataclass(frozen=True)
class LeNet5:
    c1: Convolution
    c3: Convolution
    f5: Affine
    f6: Affine
    f7: Affine
    out: Affine


def init(key):
    k = jax.random.split(key, 6)
    return LeNet5(
        c1=Convolution.create(k[0], 1, 6, 5),
        c3=Convolution.create(k[1], 6, 16, 5),
        f5=Affine.create(k[2], 400, 84),
        f6=Affine.create(k[3], 84, 84),
        f7=Affine.create(k[4], 84, 84),
        out=Affine.create(k[5], 84, 10),
    )


def apply(net, images):
    maps = jnp.tanh(net.c1(images, padding=[(2, 2), (2, 2)]))
    maps = average2(maps)
    maps = jnp.tanh(net.c3(maps, padding="VALID"))
    maps = average2(maps)
    vec = jnp.reshape(maps, (len(images), 400))
    vec = jnp.tanh(net.f5(vec))
    vec = jnp.tanh(net.f6(vec))
    vec = jnp.tanh(net.f7(vec))  # third hidden layer
    return net.out(vec)


def loss_fn(net, batch):
    logits = apply(net, batch["image"])
    top = lax.stop_gradient(logits.max(-1, keepdims=True))
    log_z = jnp.log(jnp.sum(jnp.exp(logits - top), -1)) + top[:, 0]
    right = jnp.take_along_axis(logits, batch["label"][:, None], axis=-1)[:, 0]
    return jnp.mean(log_z - right)


@jax.jit
def train_step(net, batch):
    loss, grads = jax.value_and_grad(loss_fn)(net, batch)
    net = jax.tree.map(lambda p, g: p - 0.1 * g, net, grads)
    return net, loss


def compute_metrics(logits, labels):
    return {"accuracy": jnp.mean(jnp.argmax(logits, -1) == labels)}
