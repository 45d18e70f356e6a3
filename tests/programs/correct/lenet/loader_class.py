"""A loader in the manner of PyTorch: indexing on the host, a new order each epoch."""

import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


class LeNet(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        he = nnx.initializers.he_normal()
        self.conv1 = nnx.Conv(1, 6, (5, 5), padding="SAME", kernel_init=he, rngs=rngs)
        self.conv2 = nnx.Conv(6, 16, (5, 5), padding="VALID", kernel_init=he, rngs=rngs)
        self.fc1 = nnx.Linear(400, 120, kernel_init=he, rngs=rngs)
        self.fc2 = nnx.Linear(120, 84, kernel_init=he, rngs=rngs)
        self.out = nnx.Linear(84, 10, kernel_init=he, rngs=rngs)

    def __call__(self, x):
        x = nnx.avg_pool(nnx.relu(self.conv1(x)), (2, 2), strides=(2, 2))
        x = nnx.avg_pool(nnx.relu(self.conv2(x)), (2, 2), strides=(2, 2))
        x = x.reshape(x.shape[0], -1)
        return self.out(nnx.relu(self.fc2(nnx.relu(self.fc1(x)))))


def loss_fn(model, x, y):
    return optax.softmax_cross_entropy_with_integer_labels(model(x), y).mean()


@nnx.jit
def train_step(model, optimizer, x, y):
    loss, grads = nnx.value_and_grad(loss_fn)(model, x, y)
    optimizer.update(model, grads)
    return loss


MEAN, STD = 0.1307, 0.3081


def preprocess(images):
    """uint8 [n, 28, 28] to standardised float [n, 28, 28, 1]."""
    images = images.astype(np.float32) / 255.0
    images = (images - MEAN) / STD
    return images[..., np.newaxis]


class DataLoader:
    def __init__(self, images, labels, batch_size=64, shuffle=True, seed=0):
        self.images, self.labels = images, labels
        self.batch_size, self.shuffle = batch_size, shuffle
        self.rng = np.random.default_rng(seed)

    def __len__(self):
        return -(-len(self.labels) // self.batch_size)

    def __iter__(self):
        order = np.arange(len(self.labels))
        if self.shuffle:
            self.rng.shuffle(order)
        for k in range(len(self)):
            index = order[k * self.batch_size : (k + 1) * self.batch_size]
            yield self.images[index], self.labels[index]


def accuracy(model, loader):
    hits = sum(int((model(x).argmax(-1) == y).sum()) for x, y in loader)
    return hits / len(loader.labels)
