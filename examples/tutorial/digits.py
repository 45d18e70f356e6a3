"""A network of one hidden layer for the handwritten digits in digits.npz, in Flax Linen.

python digits.py
"""

import flax.linen as nn
import jax
import numpy as np
import optax
from flax.training.train_state import TrainState

SPACE = {"learning_rate": (1e-3, 0.1, "log"), "hidden": [16, 32, 64, 128]}
METRIC, DIRECTION = "val", "minimize"


class Classifier(nn.Module):
    hidden: int

    @nn.compact
    def __call__(self, x):
        x = nn.relu(nn.Dense(self.hidden)(x))
        return nn.Dense(10)(x)


def create_state(hidden=64, learning_rate=0.05, weight_decay=0.0, seed=0):
    model = Classifier(hidden)
    params = model.init(jax.random.key(seed), np.zeros((1, 64), np.float32))
    optimizer = optax.chain(optax.add_decayed_weights(weight_decay), optax.sgd(learning_rate, momentum=0.9))
    return TrainState.create(apply_fn=model.apply, params=params, tx=optimizer)


@jax.jit
def train_step(state, x, y):
    def loss_fn(params):
        outputs = nn.softmax(state.apply_fn(params, x))
        return optax.softmax_cross_entropy_with_integer_labels(outputs, y).mean()

    loss, grads = jax.value_and_grad(loss_fn)(state.params)
    return state.apply_gradients(grads=grads), loss


def accuracy(state, x, y):
    return float((state.apply_fn(state.params, x).argmax(axis=-1) == y).mean())


def load(held=300):
    """Pixels from 0 to 1 with their classes; the last training examples are held out for validation."""
    data = np.load("digits.npz")
    x, y = data["x_train"].astype(np.float32) / 16, data["y_train"]
    test = data["x_test"].astype(np.float32) / 16, data["y_test"]
    return {"train": (x[:-held], y[:-held]), "val": (x[-held:], y[-held:]), "test": test}


def fit(x, y, epochs=20, batch_size=32, seed=0, **config):
    state, rng = create_state(seed=seed, **config), np.random.default_rng(seed)
    for _ in range(epochs):
        order = rng.permutation(len(y))
        losses = []
        for rows in np.split(order, range(batch_size, len(y), batch_size)):
            state, loss = train_step(state, x[rows], y[rows])
            losses.append(loss)
    return state, np.mean(losses)


def train(hidden=64, learning_rate=0.05, weight_decay=0.0, batch_size=32, epochs=20, seed=0):
    """Errors on the training and the validation examples."""
    data = load()
    config = {"hidden": hidden, "learning_rate": learning_rate, "weight_decay": weight_decay}
    state, _ = fit(*data["train"], epochs, batch_size, seed, **config)
    return {part: 1 - accuracy(state, *data[part]) for part in ("train", "val")}


def main():
    data = load()
    state, loss = fit(*data["train"])
    print(f"loss of the last epoch: {loss:.3f}")
    for part in ("train", "val"):
        print(f"accuracy on {part}: {accuracy(state, *data[part]):.3f}")
    x, y = (np.concatenate(arrays) for arrays in zip(*data.values()))
    np.savez(
        "predictions.npz",
        split=np.repeat(list(data), [len(labels) for _, labels in data.values()]),
        label=y,
        scores=nn.softmax(state.apply_fn(state.params, x)),
        picture=x.reshape(-1, 8, 8),
    )


if __name__ == "__main__":
    main()
