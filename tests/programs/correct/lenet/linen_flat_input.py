"""LeNet for rows of 784 pixels, as CSV files have them; the picture is put together inside the module."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn


class LeNetFromRows(nn.Module):
    """f32[batch, 784] -> logits f32[batch, 10]"""

    side: int = 28
    classes: int = 10

    def setup(self):
        init = nn.initializers.variance_scaling(2.0, "fan_in", "truncated_normal")
        self.c1 = nn.Conv(6, (5, 5), padding=((2, 2), (2, 2)), kernel_init=init)
        self.c3 = nn.Conv(16, (5, 5), padding=((0, 0), (0, 0)), kernel_init=init)
        self.c5 = nn.Dense(120, kernel_init=init)
        self.f6 = nn.Dense(84, kernel_init=init)
        self.output = nn.Dense(self.classes, kernel_init=init)

    def subsample(self, x):
        return nn.avg_pool(x, (2, 2), (2, 2))

    def __call__(self, rows):
        x = rows.reshape(-1, self.side, self.side, 1)
        s2 = self.subsample(nn.relu(self.c1(x)))
        s4 = self.subsample(nn.relu(self.c3(s2)))
        flat = s4.reshape(s4.shape[0], -1)
        h5 = nn.relu(self.c5(flat))
        h6 = nn.relu(self.f6(h5))
        return self.output(h6)


net = LeNetFromRows()
optimizer = optax.chain(optax.clip(1.0), optax.adam(1e-3))


def loss(params, x, y):
    logits = net.apply(params, x)
    log_probabilities = jax.nn.log_softmax(logits)
    return -jnp.take_along_axis(log_probabilities, y[:, None], axis=-1).mean()


@jax.jit
def update(params, opt_state, x, y):
    value, grads = jax.value_and_grad(loss)(params, x, y)
    updates, opt_state = optimizer.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, value


def accuracy(params, x, y):
    return jnp.mean(net.apply(params, x).argmax(-1) == y)


def read_rows():
    """Digits as rows of 784 numbers in [0, 1]."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    pictures = np.zeros((len(digits.target), 28, 28), np.float32)
    pictures[:, 2:26, 2:26] = digits.images.repeat(3, axis=1).repeat(3, axis=2) / 16
    return pictures.reshape(len(pictures), 784), digits.target


def main():
    x, y = read_rows()
    rng = np.random.default_rng(4)
    order = rng.permutation(len(x))
    x, y = x[order], y[order]
    params = net.init(jax.random.key(4), x[:1])
    opt_state = optimizer.init(params)
    for step in range(200):
        rows = rng.integers(0, 1500, size=32)
        params, opt_state, value = update(params, opt_state, x[rows], y[rows])
        if step % 50 == 49:
            print(step + 1, float(value), float(accuracy(params, x[1500:], y[1500:])))


if __name__ == "__main__":
    main()
