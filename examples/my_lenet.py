"""LeNet for handwritten digits, in Flax Linen.

python my_lenet.py --epochs 10
"""

import argparse

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax.training.train_state import TrainState
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


class LeNet(nn.Module):
    num_classes: int = 10

    @nn.compact
    def __call__(self, images):
        h = nn.Conv(features=6, kernel_size=(5, 5), padding="SAME", name="conv1")(images)
        h = nn.relu(h)
        h = nn.max_pool(h, window_shape=(2, 2), strides=(2, 2))
        h = nn.Conv(features=16, kernel_size=(5, 5), padding="VALID", name="conv2")(h)
        h = nn.max_pool(h, window_shape=(2, 2), strides=(2, 2))
        h = h.reshape((h.shape[0], -1))
        h = nn.relu(nn.Dense(features=120, name="fc1")(h))
        h = nn.relu(nn.Dense(features=84, name="fc2")(h))
        return nn.Dense(features=self.num_classes, name="fc3")(h)


def create_state(rng, learning_rate):
    model = LeNet()
    params = model.init(rng, jnp.zeros((1, 28, 28, 1)))["params"]
    return TrainState.create(apply_fn=model.apply, params=params, tx=optax.adam(learning_rate))


def cross_entropy_loss(logits, labels):
    one_hot = jax.nn.one_hot(labels, num_classes=10)
    return optax.softmax_cross_entropy(logits=logits, labels=one_hot).mean()


@jax.jit
def train_step(state, batch):
    def loss_fn(params):
        logits = state.apply_fn({"params": params}, batch["image"])
        return cross_entropy_loss(logits, batch["label"])

    loss, grads = jax.value_and_grad(loss_fn)(state.params)
    return state.apply_gradients(grads=grads), loss


@jax.jit
def eval_step(state, batch):
    logits = state.apply_fn({"params": state.params}, batch["image"])
    return (jnp.argmax(logits, axis=-1) == batch["label"]).sum()


def load_data():
    images, labels = load_digits(return_X_y=True)
    images = (images / 16.0).astype(np.float32).reshape(-1, 8, 8)
    images = np.kron(images, np.ones((3, 3), np.float32))
    images = np.pad(images, [(0, 0), (2, 2), (2, 2)])[..., None]
    x_train, x_test, y_train, y_test = train_test_split(images, labels, test_size=0.2, random_state=0)
    return {"image": x_train, "label": y_train}, {"image": x_test, "label": y_test}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    args = parser.parse_args()

    train, test = load_data()
    state = create_state(jax.random.key(0), args.learning_rate)
    rng = np.random.default_rng(0)
    for epoch in range(args.epochs):
        order = rng.permutation(len(train["label"]))
        for start in range(0, len(order), args.batch_size):
            rows = order[start : start + args.batch_size]
            state, loss = train_step(state, {key: values[rows] for key, values in train.items()})
        accuracy = eval_step(state, test) / len(test["label"])
        print(f"epoch {epoch + 1}: loss {loss:.4f}, test accuracy {accuracy:.4f}")


if __name__ == "__main__":
    main()
