"""LeNet with overlapping 3x3 average pooling at stride 2; cells beyond the border do not count in the average."""

import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


def overlapping_average(x):
    return nnx.avg_pool(x, (3, 3), strides=(2, 2), padding="SAME", count_include_pad=False)


class OverlappingLeNet(nnx.Module):
    def __init__(self, classes: int = 10, *, rngs: nnx.Rngs):
        he = nnx.initializers.he_normal()
        self.conv1 = nnx.Conv(1, 6, (5, 5), padding="SAME", kernel_init=he, rngs=rngs)
        self.conv2 = nnx.Conv(6, 16, (5, 5), padding="VALID", kernel_init=he, rngs=rngs)
        self.dense1 = nnx.Linear(5 * 5 * 16, 120, kernel_init=he, rngs=rngs)
        self.dense2 = nnx.Linear(120, 84, kernel_init=he, rngs=rngs)
        self.dense3 = nnx.Linear(84, classes, kernel_init=he, rngs=rngs)

    def __call__(self, x):
        x = nnx.relu(self.conv1(x))
        x = overlapping_average(x)
        x = nnx.relu(self.conv2(x))
        x = overlapping_average(x)
        x = x.reshape(x.shape[0], -1)
        x = nnx.relu(self.dense1(x))
        x = nnx.relu(self.dense2(x))
        x = self.dense3(x)
        return x


def loss_fn(model, batch):
    images, labels = batch
    logits = model(images)
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


@nnx.jit
def train_step(model, optimizer, batch):
    loss, grads = nnx.value_and_grad(loss_fn)(model, batch)
    optimizer.update(model, grads)
    return loss


def to_float(images):
    return np.asarray(images, dtype=np.float32)[..., np.newaxis] / 255


def digits():
    from sklearn.datasets import load_digits

    data = load_digits()
    grey = np.round(data.images / 16 * 255).astype(np.uint8)
    grey = np.pad(np.repeat(np.repeat(grey, 3, 1), 3, 2), ((0, 0), (2, 2), (2, 2)))
    return to_float(grey), data.target


def fit(epochs=3, seed=0):
    x, y = digits()
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(y))
    train, test = order[:1500], order[1500:]
    model = OverlappingLeNet(rngs=nnx.Rngs(seed))
    optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
    for epoch in range(epochs):
        for rows in np.array_split(rng.permutation(train), 47):
            loss = train_step(model, optimizer, (x[rows], y[rows]))
        print(epoch, float(loss), float(jnp.mean(model(x[test]).argmax(-1) == y[test])))
    return model


if __name__ == "__main__":
    fit()
