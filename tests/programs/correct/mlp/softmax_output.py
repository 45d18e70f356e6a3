"""A classifier that answers with probabilities: the softmax belongs to the model, the loss takes the log."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn

EPS = 1e-7


class ProbabilisticMLP(nn.Module):
    """Returns class probabilities, shape (batch, num_classes)."""

    hidden_size: int = 64
    num_classes: int = 2

    @nn.compact
    def __call__(self, x):
        x = nn.Dense(self.hidden_size, kernel_init=nn.initializers.he_uniform())(x)
        x = nn.relu(x)
        x = nn.Dense(self.num_classes, kernel_init=nn.initializers.he_uniform())(x)
        return nn.softmax(x)


def loss_fn(params, apply_fn, x, y):
    """Negative log-likelihood; y holds class numbers."""
    probabilities = apply_fn({"params": params}, x)
    likelihood = jnp.take_along_axis(probabilities, y[:, None], axis=-1)
    return -jnp.mean(jnp.log(likelihood + EPS))


model = ProbabilisticMLP()
tx = optax.adam(3e-4)


@jax.jit
def train_step(params, opt_state, x, y):
    loss, grads = jax.value_and_grad(loss_fn)(params, model.apply, x, y)
    updates, opt_state = tx.update(grads, opt_state, params)
    params = optax.apply_updates(params, updates)
    return params, opt_state, loss


def most_likely(params, x):
    return jnp.argmax(model.apply({"params": params}, x), axis=-1)


def load_data():
    from sklearn.datasets import load_breast_cancer
    from sklearn.model_selection import train_test_split

    data = load_breast_cancer()
    x_train, x_test, y_train, y_test = train_test_split(data.data, data.target, test_size=114, random_state=4)
    mean, std = np.mean(x_train, axis=0), np.std(x_train, axis=0)
    return (x_train - mean) / std, y_train, (x_test - mean) / std, y_test


def main():
    x_train, y_train, x_test, y_test = load_data()
    params = model.init(jax.random.key(0), x_train[:2])["params"]
    opt_state = tx.init(params)
    rng = np.random.default_rng(0)
    for epoch in range(100):
        for rows in np.array_split(rng.permutation(len(x_train)), 15):
            params, opt_state, loss = train_step(params, opt_state, x_train[rows], y_train[rows])
        if (epoch + 1) % 20 == 0:
            print(f"epoch {epoch + 1}: loss {loss:.4f}")
    print("test accuracy:", float(jnp.mean(most_likely(params, x_test) == y_test)))


if __name__ == "__main__":
    main()
