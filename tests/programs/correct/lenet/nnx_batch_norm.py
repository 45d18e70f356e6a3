"""LeNet with batch normalisation after each convolution (Flax NNX)."""

import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from sklearn.datasets import load_digits


class BatchNormLeNet(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        he = nnx.initializers.he_normal()
        self.conv1 = nnx.Conv(1, 6, (5, 5), padding="SAME", kernel_init=he, rngs=rngs)
        self.bn1 = nnx.BatchNorm(6, rngs=rngs)
        self.conv2 = nnx.Conv(6, 16, (5, 5), padding="VALID", kernel_init=he, rngs=rngs)
        self.bn2 = nnx.BatchNorm(16, rngs=rngs)
        self.fc1 = nnx.Linear(400, 120, kernel_init=he, rngs=rngs)
        self.fc2 = nnx.Linear(120, 84, kernel_init=he, rngs=rngs)
        self.fc3 = nnx.Linear(84, 10, kernel_init=he, rngs=rngs)

    def __call__(self, x):
        x = nnx.relu(self.bn1(self.conv1(x)))
        x = nnx.avg_pool(x, (2, 2), strides=(2, 2))
        x = nnx.relu(self.bn2(self.conv2(x)))
        x = nnx.avg_pool(x, (2, 2), strides=(2, 2))
        x = x.reshape(x.shape[0], -1)
        x = nnx.relu(self.fc1(x))
        x = nnx.relu(self.fc2(x))
        return self.fc3(x)


def loss_fn(model, x, y):
    logits = model(x)
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()


@nnx.jit
def train_step(model, optimizer, x, y):
    loss, grads = nnx.value_and_grad(loss_fn)(model, x, y)
    optimizer.update(model, grads)
    return loss


@nnx.jit
def eval_step(model, x, y):
    return jnp.mean(jnp.argmax(model(x), axis=-1) == y)


def prepare(images):
    """8x8 pictures of 0..16 to 28x28x1 in [0, 1]."""
    images = np.asarray(images, np.float32) / 16
    images = images.repeat(3, axis=1).repeat(3, axis=2)
    return np.pad(images, ((0, 0), (2, 2), (2, 2)))[..., None]


def main():
    digits = load_digits()
    x, y = prepare(digits.images), digits.target.astype(np.int32)
    order = np.random.default_rng(0).permutation(len(y))
    x, y = x[order], y[order]
    model = BatchNormLeNet(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(3e-4), wrt=nnx.Param)
    rng = np.random.default_rng(0)
    for epoch in range(3):
        model.train()
        for rows in np.array_split(rng.permutation(1500), 47):
            loss = train_step(model, optimizer, x[rows], y[rows])
        model.eval()
        print(epoch, float(loss), float(eval_step(model, x[1500:], y[1500:])))


if __name__ == "__main__":
    main()
