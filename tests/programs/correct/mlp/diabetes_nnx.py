"""Progression of diabetes after one year, predicted from ten baseline variables (regression, Flax NNX)."""

import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from sklearn.datasets import load_diabetes


class Regressor(nnx.Module):
    def __init__(self, in_features=10, hidden_features=64, out_features=1, *, rngs):
        kernel_init = nnx.initializers.he_normal()
        self.layer1 = nnx.Linear(in_features, hidden_features, kernel_init=kernel_init, rngs=rngs)
        self.layer2 = nnx.Linear(hidden_features, out_features, kernel_init=kernel_init, rngs=rngs)

    def __call__(self, x):
        x = nnx.relu(self.layer1(x))
        return self.layer2(x)


def mse_loss(model, x, y):
    """y has shape (batch,), the prediction (batch, 1)."""
    prediction = model(x)
    target = y[:, None]
    return jnp.mean((prediction - target) ** 2)


@nnx.jit
def train_step(model, optimizer, x, y):
    loss, grads = nnx.value_and_grad(mse_loss)(model, x, y)
    optimizer.update(model, grads)
    return loss


class Standardizer:
    """Mean 0 and deviation 1 by the statistics of the training part."""

    def __init__(self, values):
        self.mean = values.mean(axis=0)
        self.std = values.std(axis=0)

    def __call__(self, values):
        return ((values - self.mean) / self.std).astype(np.float32)

    def invert(self, values):
        return values * self.std + self.mean


def main():
    x, y = load_diabetes(return_X_y=True, scaled=False)
    order = np.random.default_rng(0).permutation(len(x))
    train, test = order[:350], order[350:]
    inputs, targets = Standardizer(x[train]), Standardizer(y[train])

    model = Regressor(rngs=nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(3e-4), wrt=nnx.Param)
    rng = np.random.default_rng(1)
    for epoch in range(100):
        for rows in np.array_split(rng.permutation(train), 11):
            loss = train_step(model, optimizer, inputs(x[rows]), targets(y[rows]))
        if epoch % 20 == 0:
            print("epoch", epoch, "loss", float(loss))

    answers = targets.invert(np.asarray(model(inputs(x[test])))[:, 0])
    print("test RMSE", np.sqrt(np.mean((answers - y[test]) ** 2)), "deviation", y[test].std())


if __name__ == "__main__":
    main()
