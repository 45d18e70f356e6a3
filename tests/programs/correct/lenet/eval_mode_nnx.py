"""LeNet with dropout in Flax NNX, switched between training and evaluation."""

import numpy as np
import optax
from flax import nnx


class LeNet(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.conv1 = nnx.Conv(1, 6, (5, 5), padding="SAME", rngs=rngs)
        self.conv2 = nnx.Conv(6, 16, (5, 5), padding="VALID", rngs=rngs)
        self.fc1 = nnx.Linear(400, 120, rngs=rngs)
        self.fc2 = nnx.Linear(120, 84, rngs=rngs)
        self.fc3 = nnx.Linear(84, 10, rngs=rngs)
        self.drop = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x):
        x = nnx.avg_pool(nnx.relu(self.conv1(x)), (2, 2), strides=(2, 2))
        x = nnx.avg_pool(nnx.relu(self.conv2(x)), (2, 2), strides=(2, 2))
        x = x.reshape(x.shape[0], -1)
        x = self.drop(nnx.relu(self.fc1(x)))
        x = self.drop(nnx.relu(self.fc2(x)))
        return self.fc3(x)


def loss_fn(model, batch):
    logits = model(batch["image"])
    return optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"]).mean()


@nnx.jit
def train_step(model, optimizer, batch):
    loss, grads = nnx.value_and_grad(loss_fn)(model, batch)
    optimizer.update(model, grads)
    return loss


def evaluate(model, batches):
    """Share of right answers in evaluation mode."""
    model.eval()
    right, total = 0, 0
    for batch in batches:
        predictions = model(batch["image"]).argmax(-1)
        right += int((predictions == batch["label"]).sum())
        total += len(batch["label"])
    model.train()
    return right / total


def cut(data, size):
    for start in range(0, len(data["label"]), size):
        yield {name: array[start : start + size] for name, array in data.items()}


def main():
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.pad(np.kron(digits.images / 16, np.ones((3, 3))), ((0, 0), (2, 2), (2, 2)))[..., None].astype(np.float32)
    train = {"image": images[:1500], "label": digits.target[:1500]}
    test = {"image": images[1500:], "label": digits.target[1500:]}
    model = LeNet(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
    for epoch in range(5):
        for batch in cut(train, 32):
            loss = train_step(model, optimizer, batch)
        print(f"epoch {epoch}: loss {float(loss):.4f}, test accuracy {evaluate(model, cut(test, 100)):.4f}")


if __name__ == "__main__":
    main()
