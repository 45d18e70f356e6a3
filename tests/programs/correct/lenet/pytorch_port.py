"""LeNet ported from PyTorch: channels first, uniform initialisation by fan-in, max pooling, (out, in) weights."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax import lax


class Conv2d(nnx.Module):
    def __init__(self, in_channels, out_channels, kernel_size, padding=0, *, rngs):
        bound = 1 / math.sqrt(in_channels * kernel_size * kernel_size)
        shape = (out_channels, in_channels, kernel_size, kernel_size)
        self.weight = nnx.Param(jax.random.uniform(rngs.params(), shape, minval=-bound, maxval=bound))
        self.bias = nnx.Param(jax.random.uniform(rngs.params(), (out_channels,), minval=-bound, maxval=bound))
        self.padding = [(padding, padding), (padding, padding)]

    def __call__(self, x):
        layout = ("NCHW", "OIHW", "NCHW")
        y = lax.conv_general_dilated(x, self.weight[...], (1, 1), self.padding, dimension_numbers=layout)
        return y + self.bias[...][None, :, None, None]


class Linear(nnx.Module):
    def __init__(self, in_features, out_features, *, rngs):
        bound = 1 / math.sqrt(in_features)
        shape = (out_features, in_features)
        self.weight = nnx.Param(jax.random.uniform(rngs.params(), shape, minval=-bound, maxval=bound))
        self.bias = nnx.Param(jax.random.uniform(rngs.params(), (out_features,), minval=-bound, maxval=bound))

    def __call__(self, x):
        return x @ self.weight[...].T + self.bias[...]


def max_pool2d(x, size):
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 1, size, size), (1, 1, size, size), "VALID")


class LeNet(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.conv1 = Conv2d(1, 6, 5, padding=2, rngs=rngs)
        self.conv2 = Conv2d(6, 16, 5, rngs=rngs)
        self.fc1 = Linear(16 * 5 * 5, 120, rngs=rngs)
        self.fc2 = Linear(120, 84, rngs=rngs)
        self.fc3 = Linear(84, 10, rngs=rngs)

    def __call__(self, x):
        x = max_pool2d(nnx.relu(self.conv1(x)), 2)
        x = max_pool2d(nnx.relu(self.conv2(x)), 2)
        x = x.reshape(x.shape[0], -1)
        x = nnx.relu(self.fc1(x))
        x = nnx.relu(self.fc2(x))
        return self.fc3(x)


def loss_fn(model, batch):
    data, target = batch
    return optax.softmax_cross_entropy_with_integer_labels(model(data), target).mean()


@nnx.jit
def train_step(model, optimizer, batch):
    loss, grads = nnx.value_and_grad(loss_fn)(model, batch)
    optimizer.update(model, grads)
    return loss


def transform(images):
    """ToTensor: bytes (n, 28, 28) to floats (n, 1, 28, 28) in [0, 1]."""
    return (images.astype(np.float32) / 255)[:, None, :, :]


def get_data():
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.kron(np.round(digits.images * 255 / 16).astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.pad(images, ((0, 0), (2, 2), (2, 2))), digits.target


if __name__ == "__main__":
    images, target = get_data()
    data = transform(images)
    rng = np.random.default_rng(0)
    order = rng.permutation(len(target))
    train, test = order[:1500], order[1500:]
    model = LeNet(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.sgd(0.05, momentum=0.9), wrt=nnx.Param)
    for epoch in range(4):
        for rows in np.array_split(rng.permutation(train), 47):
            loss = train_step(model, optimizer, (data[rows], target[rows]))
        correct = (model(data[test]).argmax(axis=1) == target[test]).sum()
        print(f"Epoch {epoch}: loss {loss:.4f}, {correct}/{len(test)}")
