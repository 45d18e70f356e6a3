"""LeNet with dropout between the dense layers; `train=False` by default."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn


class LeNetDropout(nn.Module):
    classes: int = 10
    drop: float = 0.25

    def setup(self):
        he = nn.initializers.he_normal()
        self.conv_a = nn.Conv(6, (5, 5), padding="SAME", kernel_init=he)
        self.conv_b = nn.Conv(16, (5, 5), padding="VALID", kernel_init=he)
        self.dense_a = nn.Dense(120, kernel_init=he)
        self.dense_b = nn.Dense(84, kernel_init=he)
        self.dense_c = nn.Dense(self.classes, kernel_init=he)
        self.dropout = nn.Dropout(self.drop)

    def __call__(self, x, train: bool = False):
        x = nn.relu(self.conv_a(x))
        x = nn.avg_pool(x, (2, 2), strides=(2, 2))
        x = nn.relu(self.conv_b(x))
        x = nn.avg_pool(x, (2, 2), strides=(2, 2))
        x = jnp.reshape(x, (-1, 400))
        x = nn.relu(self.dense_a(x))
        x = self.dropout(x, deterministic=not train)
        x = nn.relu(self.dense_b(x))
        x = self.dropout(x, deterministic=not train)
        return self.dense_c(x)


lenet = LeNetDropout()
tx = optax.adam(1e-3)


def loss_fn(params, x, y, rng):
    logits = lenet.apply({"params": params}, x, train=True, rngs={"dropout": rng})
    losses = optax.softmax_cross_entropy(logits, jax.nn.one_hot(y, 10))
    return losses.mean()


@jax.jit
def train_step(params, opt_state, x, y, rng):
    loss, grads = jax.value_and_grad(loss_fn)(params, x, y, rng)
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss


@jax.jit
def evaluate(params, x, y):
    return jnp.mean(lenet.apply({"params": params}, x).argmax(-1) == y)


def load():
    from sklearn.datasets import load_digits

    raw = load_digits()
    x = np.zeros((len(raw.target), 28, 28, 1), np.float32)
    x[:, 2:26, 2:26, 0] = np.kron(raw.images, np.ones((3, 3))) / 16
    return x, raw.target


def main():
    x, y = load()
    generator = np.random.default_rng(0)
    order = generator.permutation(len(y))
    train, test = order[:1500], order[1500:]
    key = jax.random.key(0)
    params_key, key = jax.random.split(key)
    params = lenet.init(params_key, x[:1])["params"]
    opt_state = tx.init(params)
    step = 0
    for epoch in range(3):
        for rows in np.array_split(generator.permutation(train), 47):
            params, opt_state, loss = train_step(params, opt_state, x[rows], y[rows], jax.random.fold_in(key, step))
            step += 1
        print(f"epoch {epoch}, loss {float(loss):.3f}, accuracy {float(evaluate(params, x[test], y[test])):.3f}")


if __name__ == "__main__":
    main()
