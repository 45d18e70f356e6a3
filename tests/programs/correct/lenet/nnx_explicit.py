"""LeNet-5 on handwritten digits with Flax NNX, one attribute for each layer."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


class LeNet5(nnx.Module):
    def __init__(self, num_classes: int = 10, *, rngs: nnx.Rngs):
        init = nnx.initializers.he_normal()
        self.conv1 = nnx.Conv(1, 6, kernel_size=(5, 5), padding="SAME", kernel_init=init, rngs=rngs)
        self.conv2 = nnx.Conv(6, 16, kernel_size=(5, 5), padding="VALID", kernel_init=init, rngs=rngs)
        self.fc1 = nnx.Linear(16 * 5 * 5, 120, kernel_init=init, rngs=rngs)
        self.fc2 = nnx.Linear(120, 84, kernel_init=init, rngs=rngs)
        self.fc3 = nnx.Linear(84, num_classes, kernel_init=init, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        x = nnx.relu(self.conv1(x))
        x = nnx.avg_pool(x, window_shape=(2, 2), strides=(2, 2))
        x = nnx.relu(self.conv2(x))
        x = nnx.avg_pool(x, window_shape=(2, 2), strides=(2, 2))
        x = x.reshape(x.shape[0], -1)
        x = nnx.relu(self.fc1(x))
        x = nnx.relu(self.fc2(x))
        return self.fc3(x)


def loss_fn(model: LeNet5, images, labels):
    logits = model(images)
    loss = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
    return loss.mean(), logits


@nnx.jit
def train_step(model: LeNet5, optimizer: nnx.Optimizer, metrics: nnx.MultiMetric, images, labels):
    (loss, logits), grads = nnx.value_and_grad(loss_fn, has_aux=True)(model, images, labels)
    metrics.update(loss=loss, logits=logits, labels=labels)
    optimizer.update(model, grads)
    return loss


def preprocess(images):
    return images.astype(np.float32) / 255.0


def load_digits_28():
    """scikit-learn's 8x8 digits enlarged to 28x28, as bytes."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    big = np.kron(digits.images, np.ones((3, 3)))
    big = np.pad(big, ((0, 0), (2, 2), (2, 2)))
    return np.round(big * 255 / 16).astype(np.uint8)[..., None], digits.target.astype(np.int32)


def main():
    images, labels = load_digits_28()
    order = np.random.default_rng(0).permutation(len(images))
    train, test = order[:1500], order[1500:]
    x, x_test = preprocess(images[train]), preprocess(images[test])

    model = LeNet5(rngs=nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
    metrics = nnx.MultiMetric(loss=nnx.metrics.Average("loss"), accuracy=nnx.metrics.Accuracy())
    rng = np.random.default_rng(1)
    for epoch in range(3):
        for rows in np.array_split(rng.permutation(len(x)), 47):
            train_step(model, optimizer, metrics, x[rows], labels[train][rows])
        print(epoch, {k: float(v) for k, v in metrics.compute().items()})
        metrics.reset()
    print("test accuracy", float(jnp.mean(model(x_test).argmax(-1) == labels[test])))


if __name__ == "__main__":
    main()
