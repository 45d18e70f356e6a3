"""LeNet in Linen that returns a pair: logits, and the 84 features before them for a nearest-neighbour search."""

import jax
import numpy as np
import optax
from flax import linen as nn

he = nn.initializers.he_normal()


class Embedder(nn.Module):
    """Image to 84 features."""

    @nn.compact
    def __call__(self, x):
        for features, padding in ((6, "SAME"), (16, "VALID")):
            x = nn.Conv(features, (5, 5), padding=padding, kernel_init=he)(x)
            x = nn.relu(x)
            x = nn.avg_pool(x, (2, 2), (2, 2))
        x = x.reshape(x.shape[0], -1)
        for units in (120, 84):
            x = nn.Dense(units, kernel_init=he)(x)
            x = nn.relu(x)
        return x


class LeNetWithFeatures(nn.Module):
    num_classes: int = 10

    def setup(self):
        self.embedder = Embedder()
        self.classifier = nn.Dense(self.num_classes, kernel_init=he)

    def __call__(self, x):
        features = self.embedder(x)
        logits = self.classifier(features)
        return logits, features


model = LeNetWithFeatures()
tx = optax.adam(1e-3)


def loss_fn(params, apply_fn, x, y):
    logits, _ = apply_fn({"params": params}, x)
    return optax.softmax_cross_entropy(logits, jax.nn.one_hot(y, 10)).mean()


@jax.jit
def train_step(params, opt_state, x, y):
    loss, grads = jax.value_and_grad(loss_fn)(params, model.apply, x, y)
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss


@jax.jit
def nearest_neighbour(params, x, gallery):
    """Index in the gallery of the image whose features are closest."""
    _, queries = model.apply({"params": params}, x)
    _, features = model.apply({"params": params}, gallery)
    squared = ((queries[:, None] - features[None]) ** 2).sum(-1)
    return squared.argmin(axis=1)


def read():
    from sklearn.datasets import load_digits

    digits = load_digits()
    x = np.zeros((len(digits.target), 28, 28, 1), np.float32)
    x[:, 2:26, 2:26, 0] = digits.images.repeat(3, axis=1).repeat(3, axis=2)
    return x / 16, digits.target


if __name__ == "__main__":
    x, y = read()
    rng = np.random.default_rng(0)
    order = rng.permutation(len(y))
    train, test = order[:1500], order[1500:]
    params = model.init(jax.random.key(0), x[:1])["params"]
    opt_state = tx.init(params)
    for epoch in range(3):
        for rows in np.array_split(rng.permutation(train), 47):
            params, opt_state, loss = train_step(params, opt_state, x[rows], y[rows])
        logits, _ = model.apply({"params": params}, x[test])
        neighbours = y[train][nearest_neighbour(params, x[test], x[train])]
        print(epoch, float(loss), float((logits.argmax(-1) == y[test]).mean()), float((neighbours == y[test]).mean()))
