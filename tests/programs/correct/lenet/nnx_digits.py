"""LeNet-5 on MNIST-like digits with Flax NNX  (blog post, part 2)."""
from functools import partial

import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


class LeNet(nnx.Module):
    """C1 - S2 - C3 - S4 - F5 - F6 - output, as in the 1998 paper (with ReLU)."""

    def __init__(self, num_classes: int = 10, *, rngs: nnx.Rngs):
        self.c1 = nnx.Conv(1, 6, kernel_size=(5, 5), padding="SAME", rngs=rngs)
        self.c3 = nnx.Conv(6, 16, kernel_size=(5, 5), padding="VALID", rngs=rngs)
        self.f5 = nnx.Linear(16 * 5 * 5, 120, rngs=rngs)
        self.f6 = nnx.Linear(120, 84, rngs=rngs)
        self.out = nnx.Linear(84, num_classes, rngs=rngs)
        self.subsample = partial(nnx.avg_pool, window_shape=(2, 2), strides=(2, 2))

    def __call__(self, x):
        x = self.subsample(nnx.relu(self.c1(x)))
        x = self.subsample(nnx.relu(self.c3(x)))
        x = x.reshape(x.shape[0], -1)   # (N, 400)
        x = nnx.relu(self.f5(x))
        x = nnx.relu(self.f6(x))
        return self.out(x)


def preprocess(images):
    """uint8 pictures -> floats in [0, 1] with a channel axis"""
    images = np.asarray(images, np.float32) / 255.0
    return images.reshape(-1, 28, 28, 1)


def loss_fn(model, batch):
    logits = model(batch["image"])
    per_example = optax.softmax_cross_entropy_with_integer_labels(
        logits=logits, labels=batch["label"]
    )
    return per_example.mean(), logits


tx = optax.adam(3e-4)


@nnx.jit
def train_step(model, optimizer, batch):
    (loss, logits), grads = nnx.value_and_grad(loss_fn, has_aux=True)(model, batch)
    optimizer.update(model, grads)
    return loss


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (512, 28, 28), dtype=np.uint8)
    labels = rng.integers(0, 10, 512)
    model = LeNet(rngs=nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, tx, wrt=nnx.Param)
    for i in range(0, 512, 64):
        batch = {"image": jnp.asarray(preprocess(images[i:i + 64])),
                 "label": jnp.asarray(labels[i:i + 64])}
        print(i, float(train_step(model, optimizer, batch)))
