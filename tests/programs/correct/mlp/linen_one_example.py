"""The module sees one patient at a time; jax.vmap makes it a batch."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn


class PatientNet(nn.Module):
    """f32[30] -> f32[2]"""

    n_units: int = 64
    n_classes: int = 2

    @nn.compact
    def __call__(self, measurements):
        dense = lambda n, name: nn.Dense(n, kernel_init=nn.initializers.he_uniform(), name=name)  # noqa: E731
        hidden = dense(self.n_units, "hidden")(measurements)
        hidden = jax.nn.relu(hidden)
        return dense(self.n_classes, "diagnosis")(hidden)


net = PatientNet()


def example_loss(params, measurements, label):
    logits = net.apply({"params": params}, measurements)
    return -jax.nn.log_softmax(logits)[label]


def loss_fn(params, x, y):
    losses = jax.vmap(example_loss, in_axes=(None, 0, 0))(params, x, y)
    return losses.mean()


@jax.jit
def predict(params, x):
    return jax.vmap(lambda row: net.apply({"params": params}, row))(x)


tx = optax.chain(optax.scale_by_adam(), optax.scale(-1e-3))


@jax.jit
def update(params, opt_state, x, y):
    value, grads = jax.value_and_grad(loss_fn)(params, x, y)
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, value


class Patients:
    """The breast cancer table, standardised by its training rows."""

    def __init__(self, seed=0, share=0.8):
        from sklearn.datasets import load_breast_cancer

        table = load_breast_cancer()
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(table.target))
        cut = int(share * len(order))
        self.train, self.test = order[:cut], order[cut:]
        center, spread = table.data[self.train].mean(0), table.data[self.train].std(0)
        self.x = np.float32((table.data - center) / spread)
        self.y = table.target


def main():
    patients = Patients()
    params = net.init(jax.random.key(0), patients.x[0])["params"]
    opt_state = tx.init(params)
    rng = np.random.default_rng(1)
    for epoch in range(30):
        for rows in np.array_split(rng.permutation(patients.train), 14):
            params, opt_state, value = update(params, opt_state, patients.x[rows], patients.y[rows])
    right = predict(params, patients.x[patients.test]).argmax(1) == patients.y[patients.test]
    print("loss", float(value), "accuracy", float(jnp.mean(right)))


if __name__ == "__main__":
    main()
