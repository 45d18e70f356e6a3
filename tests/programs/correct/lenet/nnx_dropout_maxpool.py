"""MNIST convnet with max pooling and dropout (Flax NNX); dropout follows model.train() and model.eval()."""

import jax
import numpy as np
import optax
from flax import nnx


class ConvNet(nnx.Module):
    def __init__(self, *, rngs: nnx.Rngs):
        self.conv1 = nnx.Conv(1, 32, kernel_size=(3, 3), rngs=rngs)
        self.conv2 = nnx.Conv(32, 64, kernel_size=(3, 3), rngs=rngs)
        self.linear1 = nnx.Linear(64 * 7 * 7, 128, rngs=rngs)
        self.dropout = nnx.Dropout(rate=0.5, rngs=rngs)
        self.linear2 = nnx.Linear(128, 10, rngs=rngs)

    def __call__(self, x):
        x = nnx.relu(self.conv1(x))
        x = nnx.max_pool(x, window_shape=(2, 2), strides=(2, 2))
        x = nnx.relu(self.conv2(x))
        x = nnx.max_pool(x, window_shape=(2, 2), strides=(2, 2))
        x = x.reshape(x.shape[0], -1)
        x = nnx.relu(self.linear1(x))
        x = self.dropout(x)
        x = self.linear2(x)
        return x


def loss_fn(model, batch):
    logits = model(batch["image"])
    loss = optax.softmax_cross_entropy_with_integer_labels(logits=logits, labels=batch["label"]).mean()
    return loss, logits


@nnx.jit
def train_step(model, optimizer, batch):
    (loss, logits), grads = nnx.value_and_grad(loss_fn, has_aux=True)(model, batch)
    optimizer.update(model, grads)
    return loss


@nnx.jit
def predict(model, images):
    return model(images).argmax(axis=1)


def evaluate(model, images, labels, batch_size=500):
    model.eval()
    correct = 0
    for start in range(0, len(images), batch_size):
        answers = predict(model, images[start : start + batch_size])
        correct += int((answers == labels[start : start + batch_size]).sum())
    model.train()
    return correct / len(images)


def digits_as_mnist():
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = jax.image.resize(digits.images / 16, (len(digits.images), 28, 28), method="nearest")
    return np.asarray(images, np.float32)[..., None], digits.target


if __name__ == "__main__":
    images, labels = digits_as_mnist()
    order = np.random.default_rng(0).permutation(len(labels))
    images, labels = images[order], labels[order]
    model = ConvNet(rngs=nnx.Rngs(params=0, dropout=1))
    optimizer = nnx.Optimizer(model, optax.adamw(0.002, b1=0.9), wrt=nnx.Param)
    model.train()
    rng = np.random.default_rng(1)
    for epoch in range(3):
        for rows in np.array_split(rng.permutation(1500), 24):
            loss = train_step(model, optimizer, {"image": images[rows], "label": labels[rows]})
        print(epoch, float(loss), evaluate(model, images[1500:], labels[1500:]))
