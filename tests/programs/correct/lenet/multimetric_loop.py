"""The NNX tutorial's LeNet: metrics kept in a MultiMetric."""

import numpy as np
import optax
from flax import nnx


class CNN(nnx.Module):
    def __init__(self, *, rngs: nnx.Rngs):
        self.conv1 = nnx.Conv(1, 6, kernel_size=(5, 5), rngs=rngs)
        self.conv2 = nnx.Conv(6, 16, kernel_size=(5, 5), padding="VALID", rngs=rngs)
        self.linear1 = nnx.Linear(400, 120, rngs=rngs)
        self.linear2 = nnx.Linear(120, 84, rngs=rngs)
        self.linear3 = nnx.Linear(84, 10, rngs=rngs)

    def __call__(self, x):
        x = nnx.avg_pool(nnx.relu(self.conv1(x)), window_shape=(2, 2), strides=(2, 2))
        x = nnx.avg_pool(nnx.relu(self.conv2(x)), window_shape=(2, 2), strides=(2, 2))
        x = x.reshape(x.shape[0], -1)
        x = nnx.relu(self.linear1(x))
        x = nnx.relu(self.linear2(x))
        return self.linear3(x)


def loss_fn(model, batch):
    logits = model(batch["image"])
    loss = optax.softmax_cross_entropy_with_integer_labels(logits=logits, labels=batch["label"]).mean()
    return loss, logits


@nnx.jit
def train_step(model, optimizer, metrics, batch):
    grad_fn = nnx.value_and_grad(loss_fn, has_aux=True)
    (loss, logits), grads = grad_fn(model, batch)
    metrics.update(loss=loss, logits=logits, labels=batch["label"])
    optimizer.update(model, grads)


@nnx.jit
def eval_step(model, metrics, batch):
    loss, logits = loss_fn(model, batch)
    metrics.update(loss=loss, logits=logits, labels=batch["label"])


def accuracy(logits, labels):
    return (logits.argmax(axis=-1) == labels).mean()


def batches(images, labels, size):
    for start in range(0, len(labels), size):
        yield {"image": images[start : start + size], "label": labels[start : start + size]}


def main():
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.pad(np.kron(digits.images / 16, np.ones((3, 3))), ((0, 0), (2, 2), (2, 2)))[..., None].astype(np.float32)
    labels = digits.target
    model = CNN(rngs=nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adamw(0.005, 0.9), wrt=nnx.Param)
    metrics = nnx.MultiMetric(accuracy=nnx.metrics.Accuracy(), loss=nnx.metrics.Average("loss"))
    history = {"train_accuracy": [], "test_accuracy": []}
    for epoch in range(3):
        for batch in batches(images[:1500], labels[:1500], 32):
            train_step(model, optimizer, metrics, batch)
        history["train_accuracy"].append(metrics.compute()["accuracy"])
        metrics.reset()  # before the test set

        for batch in batches(images[1500:], labels[1500:], 100):
            eval_step(model, metrics, batch)
        history["test_accuracy"].append(metrics.compute()["accuracy"])
        metrics.reset()  # before the next epoch
        print(epoch, history["train_accuracy"][-1], history["test_accuracy"][-1])


if __name__ == "__main__":
    main()
