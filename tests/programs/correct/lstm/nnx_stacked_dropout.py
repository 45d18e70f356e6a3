"""Two LSTM layers with dropout between them, for the adding problem (Flax NNX).

Forget-gate biases start at 1 (Jozefowicz et al., 2015). A small net: 64 units a layer.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


class LSTMBlock(nnx.Module):
    """One layer: [batch, time, in] -> [batch, time, hidden]. Gate order i, f, g, o."""

    def __init__(self, n_in: int, hidden: int, *, rngs: nnx.Rngs):
        self.hidden = hidden
        self.w = nnx.Param(nnx.initializers.lecun_normal()(rngs.params(), (n_in, 4 * hidden)))
        self.u = nnx.Param(nnx.initializers.lecun_normal()(rngs.params(), (hidden, 4 * hidden)))
        self.b = nnx.Param(jnp.zeros(4 * hidden).at[hidden : 2 * hidden].set(1.0))

    def __call__(self, x: jax.Array) -> jax.Array:
        w, u, b = self.w[...], self.u[...], self.b[...]

        def step(carry, x_t):
            c, h = carry
            i, f, g, o = jnp.split(x_t @ w + h @ u + b, 4, axis=-1)
            c = nnx.sigmoid(f) * c + nnx.sigmoid(i) * nnx.tanh(g)
            h = nnx.sigmoid(o) * nnx.tanh(c)
            return (c, h), h

        zeros = jnp.zeros((x.shape[0], self.hidden))
        _, hs = jax.lax.scan(step, (zeros, zeros), x.swapaxes(0, 1))
        return hs.swapaxes(0, 1)


class StackedLSTM(nnx.Module):
    def __init__(self, n_in: int = 2, hidden: int = 64, *, rngs: nnx.Rngs):
        self.lower = LSTMBlock(n_in, hidden, rngs=rngs)
        self.dropout = nnx.Dropout(0.1, rngs=rngs)
        self.upper = LSTMBlock(hidden, hidden, rngs=rngs)
        self.head = nnx.Linear(hidden, 1, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        x = self.lower(x)
        x = self.dropout(x)
        x = self.upper(x)
        return self.head(x[:, -1])


def loss_fn(model: StackedLSTM, x: jax.Array, y: jax.Array) -> jax.Array:
    return jnp.mean(jnp.square(model(x) - y))


@nnx.jit
def train_step(model: StackedLSTM, optimizer: nnx.Optimizer, x: jax.Array, y: jax.Array) -> jax.Array:
    loss, grads = nnx.value_and_grad(loss_fn)(model, x, y)
    optimizer.update(model, grads)
    return loss


@nnx.jit
def predict(model: StackedLSTM, x: jax.Array) -> jax.Array:
    return model(x)


def sample(rng: np.random.Generator, n: int, steps: int = 20) -> tuple[np.ndarray, np.ndarray]:
    values = rng.uniform(-1, 1, (n, steps)).astype(np.float32)
    order = np.argsort(rng.random((n, steps)), axis=1)
    marks = (order < 2).astype(np.float32)
    y = 0.5 + (values * marks).sum(axis=1, keepdims=True) / 4
    return np.stack([values, marks], axis=-1), y


def main() -> None:
    rng = np.random.default_rng(0)
    model = StackedLSTM(rngs=nnx.Rngs(params=0, dropout=1))
    optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
    x_val, y_val = sample(rng, 1000)
    for step in range(4000):
        model.train()
        loss = train_step(model, optimizer, *sample(rng, 64))
        if step % 200 == 0:
            model.eval()
            right = jnp.abs(predict(model, x_val) - y_val) < 0.04
            print(f"{step:5d}  loss {loss:.5f}  right {right.mean():.3f}")


if __name__ == "__main__":
    main()
