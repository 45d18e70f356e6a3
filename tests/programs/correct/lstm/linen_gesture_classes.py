"""Classify short accelerometer recordings (three axes) by gesture with an LSTM.

Own cell, forget bias of one, and a hand-written softmax cross entropy.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn

GESTURES = ("circle", "shake", "lift", "tap", "rest")


def record(gesture: int, steps: int, rng: np.random.Generator) -> np.ndarray:
    t = np.linspace(0, 2 * np.pi, steps)
    phase, speed = rng.uniform(0, 2 * np.pi), rng.uniform(0.8, 1.2)
    signal = np.zeros((steps, 3))
    if gesture == 0:
        signal[:, 0], signal[:, 1] = np.cos(speed * t + phase), np.sin(speed * t + phase)
    elif gesture == 1:
        signal[:, 0] = np.sign(np.sin(5 * speed * t + phase))
    elif gesture == 2:
        signal[:, 2] = np.sin(speed * t / 2)
    elif gesture == 3:
        signal[rng.integers(2, steps - 2), 2] = 3.0
    return signal + 0.2 * rng.standard_normal(signal.shape)


def load_data(n=2000, steps=24, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, len(GESTURES), n)
    x = np.stack([record(label, steps, rng) for label in y])
    return x.astype(np.float32), y.astype(np.int32)


class ForgetfulCell(nn.RNNCellBase):
    """LSTM cell whose forget gate starts open."""

    hidden: int

    @nn.compact
    def __call__(self, carry, x):
        h, c = carry
        joined = jnp.concatenate([x, h], axis=-1)
        forget = nn.sigmoid(nn.Dense(self.hidden, bias_init=nn.initializers.ones, name="forget")(joined))
        write = nn.sigmoid(nn.Dense(self.hidden, name="write")(joined))
        read = nn.sigmoid(nn.Dense(self.hidden, name="read")(joined))
        new = nn.tanh(nn.Dense(self.hidden, name="new")(joined))
        c = forget * c + write * new
        h = read * nn.tanh(c)
        return (h, c), h

    @nn.nowrap
    def initialize_carry(self, rng, input_shape):
        zeros = jnp.zeros(input_shape[:-1] + (self.hidden,))
        return zeros, zeros

    @property
    def num_feature_axes(self):
        return 1


class GestureNet(nn.Module):
    hidden: int = 64
    classes: int = len(GESTURES)

    @nn.compact
    def __call__(self, x):
        (h, _), _ = nn.RNN(ForgetfulCell(self.hidden), return_carry=True)(x)
        return nn.Dense(self.classes)(h)


def cross_entropy(logits, labels):
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - jnp.log(jnp.exp(shifted).sum(axis=-1, keepdims=True))
    one_hot = labels[:, None] == jnp.arange(logits.shape[-1])
    return -jnp.sum(jnp.where(one_hot, log_p, 0.0)) / labels.shape[0]


def make_step(model, tx):
    def loss_fn(params, x, y):
        return cross_entropy(model.apply(params, x), y)

    @jax.jit
    def step(params, opt_state, x, y):
        loss, grads = jax.value_and_grad(loss_fn)(params, x, y)
        updates, opt_state = tx.update(grads, opt_state)
        return optax.apply_updates(params, updates), opt_state, loss

    return step


def main():
    x, y = load_data()
    x_test, y_test = load_data(500, seed=1)
    model, tx = GestureNet(), optax.adam(1e-3)
    params = model.init(jax.random.key(0), x[:1])
    opt_state, step = tx.init(params), make_step(model, tx)
    rng = np.random.default_rng(0)
    for epoch in range(10):
        for rows in np.array_split(rng.permutation(len(x)), 40):
            params, opt_state, loss = step(params, opt_state, x[rows], y[rows])
        test = (model.apply(params, x_test).argmax(-1) == y_test).mean()
        print(f"epoch {epoch}: loss {loss:.3f}, test accuracy {test:.3f}")


if __name__ == "__main__":
    main()
