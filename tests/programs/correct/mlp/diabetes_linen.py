"""Regression with Flax Linen: the model gives one number for each example, not a column of them."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from flax.training.train_state import TrainState


class DiabetesNet(nn.Module):
    width: int = 64

    def setup(self):
        self.body = nn.Dense(self.width, kernel_init=nn.initializers.he_normal())
        self.tail = nn.Dense(1, kernel_init=nn.initializers.he_normal())

    def __call__(self, x):
        x = self.body(x)
        x = nn.relu(x)
        x = self.tail(x)
        return jnp.squeeze(x, axis=-1)


def loss_fn(params, apply_fn, batch):
    predicted = apply_fn({"params": params}, batch["x"])
    errors = optax.squared_error(predicted, batch["y"])
    return errors.mean()


@jax.jit
def train_step(state: TrainState, batch):
    value, grads = jax.value_and_grad(loss_fn)(state.params, state.apply_fn, batch)
    state = state.apply_gradients(grads=grads)
    return state, value


def new_state(seed, n_features=10):
    model = DiabetesNet()
    variables = model.init(jax.random.key(seed), jnp.zeros((1, n_features)))
    return TrainState.create(apply_fn=model.apply, params=variables["params"], tx=optax.adam(3e-4))


def load():
    from sklearn.datasets import load_diabetes
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    x, y = load_diabetes(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, random_state=0)
    sx, sy = StandardScaler().fit(x_train), StandardScaler().fit(y_train[:, None])
    train = {"x": sx.transform(x_train), "y": sy.transform(y_train[:, None])[:, 0]}
    test = {"x": sx.transform(x_test), "y": sy.transform(y_test[:, None])[:, 0]}
    return train, test


def main():
    train, test = load()
    state = new_state(seed=0)
    rng = np.random.default_rng(0)
    for epoch in range(60):
        for rows in np.array_split(rng.permutation(len(train["y"])), 11):
            state, value = train_step(state, {name: array[rows] for name, array in train.items()})
    residual = state.apply_fn({"params": state.params}, test["x"]) - test["y"]
    print("share of variance explained:", 1 - float(jnp.mean(residual**2) / jnp.var(test["y"])))


if __name__ == "__main__":
    main()
