"""The convolutional network of LeCun et al. as two Sequentials: features, then classifier."""

from functools import partial

import numpy as np
import optax
from flax import nnx

Conv = partial(nnx.Conv, kernel_size=(5, 5), kernel_init=nnx.initializers.kaiming_normal())
Linear = partial(nnx.Linear, kernel_init=nnx.initializers.kaiming_normal())
pool = partial(nnx.avg_pool, window_shape=(2, 2), strides=(2, 2))


def flatten(x):
    return x.reshape((x.shape[0], -1))


class Net(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.features = nnx.Sequential(
            Conv(1, 6, padding=2, rngs=rngs),
            nnx.relu,
            pool,
            Conv(6, 16, padding=0, rngs=rngs),
            nnx.relu,
            pool,
        )
        self.classifier = nnx.Sequential(
            flatten,
            Linear(400, 120, rngs=rngs),
            nnx.relu,
            Linear(120, 84, rngs=rngs),
            nnx.relu,
            Linear(84, 10, rngs=rngs),
        )

    def __call__(self, x):
        x = self.features(x)
        x = self.classifier(x)
        return x


def loss_fn(model, batch):
    logits = model(batch["image"])
    return optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"]).mean()


@nnx.jit
def train_step(model, optimizer, batch):
    loss, grads = nnx.value_and_grad(loss_fn)(model, batch)
    optimizer.update(model, grads)
    return loss


@nnx.jit
def eval_step(model, batch):
    return (model(batch["image"]).argmax(axis=-1) == batch["label"]).sum()


def dataset(split):
    """MNIST from TFDS as float images in [0, 1]."""
    import tensorflow_datasets as tfds

    source = tfds.data_source("mnist", split=split)
    records = source.__getitems__(range(len(source)))
    images = np.stack([record["image"] for record in records]).astype(np.float32) / 255
    return images, np.array([record["label"] for record in records], dtype=np.int32)


def batches(images, labels, size, rng):
    order = rng.permutation(len(images))
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        yield {"image": images[rows], "label": labels[rows]}


if __name__ == "__main__":
    model = Net(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(3e-4), wrt=nnx.Param)
    images, labels = dataset("train")
    test_images, test_labels = dataset("test")
    rng = np.random.default_rng(0)
    for epoch in range(5):
        for batch in batches(images, labels, 64, rng):
            train_step(model, optimizer, batch)
        correct = sum(int(eval_step(model, b)) for b in batches(test_images, test_labels, 1000, rng))
        print(f"epoch {epoch}: {correct / len(test_labels):.4f}")
