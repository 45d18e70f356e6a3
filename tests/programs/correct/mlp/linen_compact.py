"""Diagnosing tumours with a Flax Linen module and a TrainState."""

from typing import Sequence

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from flax.training import train_state
from sklearn.datasets import load_breast_cancer


class MLP(nn.Module):
    features: Sequence[int] = (64, 2)

    @nn.compact
    def __call__(self, x):
        for width in self.features[:-1]:
            x = nn.Dense(width, kernel_init=nn.initializers.he_normal())(x)
            x = nn.relu(x)
        x = nn.Dense(self.features[-1], kernel_init=nn.initializers.he_normal())(x)
        return x


def create_train_state(rng, learning_rate=3e-4, input_size=30):
    model = MLP()
    params = model.init(rng, jnp.ones([1, input_size]))["params"]
    return train_state.TrainState.create(apply_fn=model.apply, params=params, tx=optax.adam(learning_rate))


@jax.jit
def train_step(state, batch):
    """One gradient step on a batch with the keys 'features' and 'label'."""

    def loss_fn(params):
        logits = state.apply_fn({"params": params}, batch["features"])
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"])
        return jnp.mean(losses)

    grad_fn = jax.value_and_grad(loss_fn)
    loss, grads = grad_fn(state.params)
    return state.apply_gradients(grads=grads), loss


@jax.jit
def eval_step(state, batch):
    logits = state.apply_fn({"params": state.params}, batch["features"])
    return jnp.sum(jnp.argmax(logits, -1) == batch["label"])


def load_split(test_every=5):
    data = load_breast_cancer()
    is_test = np.arange(len(data.target)) % test_every == 0
    mu = data.data[~is_test].mean(0)
    sigma = data.data[~is_test].std(0)
    x = ((data.data - mu) / sigma).astype("float32")
    y = data.target.astype("int32")
    train = {"features": x[~is_test], "label": y[~is_test]}
    test = {"features": x[is_test], "label": y[is_test]}
    return train, test


def main(num_epochs=50, batch_size=32):
    train, test = load_split()
    state = create_train_state(jax.random.PRNGKey(0))
    n = len(train["label"])
    for epoch in range(num_epochs):
        order = np.random.RandomState(epoch).permutation(n)
        for i in range(0, n, batch_size):
            rows = order[i : i + batch_size]
            state, loss = train_step(state, {k: v[rows] for k, v in train.items()})
        correct = int(eval_step(state, test))
        print(f"{epoch=} loss={float(loss):.4f} test={correct / len(test['label']):.4f}")


if __name__ == "__main__":
    main()
