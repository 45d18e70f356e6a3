"""An MLP in Flax Linen with a TrainState; batches are dicts from a loader."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax.training import train_state


class MLP(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.relu(nn.Dense(64)(x))
        return nn.Dense(2)(x)


def cross_entropy(logits, labels):
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


@jax.jit
def train_step(state, batch):
    def loss_fn(params):
        logits = state.apply_fn({"params": params}, batch["x"])
        return cross_entropy(logits, batch["y"])

    loss, grads = jax.value_and_grad(loss_fn)(state.params)
    return state.apply_gradients(grads=grads), loss


@jax.jit
def eval_step(state, batch):
    logits = state.apply_fn({"params": state.params}, batch["x"])
    return {
        "loss": cross_entropy(logits, batch["y"]),
        "accuracy": jnp.mean(jnp.argmax(logits, -1) == batch["y"]),
    }


def evaluate_model(state, loader):
    total, seen = {"loss": 0.0, "accuracy": 0.0}, 0
    for batch in loader:
        metrics = eval_step(state, batch)
        size = len(batch["y"])
        total = {name: total[name] + float(value) * size for name, value in metrics.items()}
        seen += size
    return {name: value / seen for name, value in total.items()}


def create_train_state(rng, learning_rate=3e-4):
    model = MLP()
    params = model.init(rng, jnp.ones((1, 30)))["params"]
    return train_state.TrainState.create(apply_fn=model.apply, params=params, tx=optax.adam(learning_rate))


class Loader:
    """Dicts of `x` and `y`, `batch_size` examples each."""

    def __init__(self, x, y, batch_size, seed=None):
        self.x, self.y, self.batch_size, self.seed = x, y, batch_size, seed

    def __iter__(self):
        order = np.arange(len(self.x))
        if self.seed is not None:
            order = np.random.default_rng(self.seed).permutation(order)
        for start in range(0, len(order), self.batch_size):
            rows = order[start : start + self.batch_size]
            yield {"x": self.x[rows], "y": self.y[rows]}


def train_and_evaluate(num_epochs=10):
    from sklearn.datasets import load_breast_cancer

    x, y = load_breast_cancer(return_X_y=True)
    x = ((x - x[:400].mean(0)) / x[:400].std(0)).astype(np.float32)
    train_loader, test_loader = Loader(x[:400], y[:400], 32, seed=0), Loader(x[400:], y[400:], 32)
    state = create_train_state(jax.random.PRNGKey(0))
    for epoch in range(num_epochs):
        for batch in train_loader:
            state, loss = train_step(state, batch)
        metrics = evaluate_model(state, test_loader)
        print(f"epoch {epoch}, train loss {loss:.4f}, test accuracy {metrics['accuracy']:.3f}")
    return state


if __name__ == "__main__":
    train_and_evaluate()
