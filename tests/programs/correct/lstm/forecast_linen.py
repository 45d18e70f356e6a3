"""Forecasting the load of a power line: a sequence-to-sequence-of-next-values
LSTM in Flax Linen. At every hour the network foretells the next hour's load.

The series is generated (a day's rhythm, a week's rhythm, temperature, noise)
with gaps, as real meters have them.
"""
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from flax.training.train_state import TrainState

WINDOW = 24
HIDDEN = 32
BATCH_SIZE = 64
EPOCHS = 6
LEARNING_RATE = 5e-3


def make_series(hours=24 * 90, seed=0):
    """Load in kW and temperature in degrees, shape (hours, 2); 1 % are missing."""
    rng = np.random.default_rng(seed)
    t = np.arange(hours)
    temperature = 12 + 6 * np.sin(2 * np.pi * (t - 9) / 24) + rng.normal(0, 1, hours)
    load = 2500 + 600 * np.sin(2 * np.pi * (t - 7) / 24) - 300 * (t // 24 % 7 >= 5) - 15 * temperature
    load = load + rng.normal(0, 60, hours)
    series = np.stack([load, temperature], axis=1)
    series[rng.random(series.shape) < 0.01] = np.nan
    return series


def fill_gaps(series):
    """The last known value stands in for a missing one, column by column."""
    filled = series.copy()
    for c in range(series.shape[1]):
        known = np.flatnonzero(~np.isnan(series[:, c]))
        last = np.searchsorted(known, np.arange(len(series)), side="right") - 1
        filled[:, c] = series[known[np.maximum(last, 0)], c]
    return filled


def split(series, fraction=0.8):
    """The past for training, the future for testing."""
    cut = int(fraction * len(series))
    return series[:cut], series[cut:]


def make_windows(series):
    """Inputs (n, WINDOW, 2) and the load one hour later at each step (n, WINDOW)."""
    starts = np.arange(len(series) - WINDOW)
    x = np.stack([series[s:s + WINDOW] for s in starts])
    y = np.stack([series[s + 1:s + WINDOW + 1, 0] for s in starts])
    return x.astype(np.float32), y.astype(np.float32)


def get_data():
    train, test = split(make_series())
    train, test = fill_gaps(train), fill_gaps(test)
    mean, std = train.mean(axis=0), train.std(axis=0)
    train, test = (train - mean) / std, (test - mean) / std
    return make_windows(train), make_windows(test), std[0]


class Forecaster(nn.Module):
    hidden: int = HIDDEN
    drop: float = 0.1

    @nn.compact
    def __call__(self, x, train: bool = False):
        h = nn.RNN(nn.OptimizedLSTMCell(self.hidden), time_major=False)(x)
        h = nn.Dropout(self.drop, deterministic=not train)(h)
        y = nn.Dense(1)(h)
        return y.squeeze(-1)


def batch_iterator(x, y, batch_size, rng):
    order = rng.permutation(len(x))
    for i in range(0, len(order), batch_size):
        yield x[order[i:i + batch_size]], y[order[i:i + batch_size]]


@jax.jit
def train_step(state, x, y, rng):
    def loss_fn(params):
        pred = state.apply_fn({"params": params}, x, train=True, rngs={"dropout": rng})
        return optax.squared_error(pred, y).mean()

    loss, grads = jax.value_and_grad(loss_fn)(state.params)
    return state.apply_gradients(grads=grads), loss


@jax.jit
def eval_step(state, x, y):
    pred = state.apply_fn({"params": state.params}, x)
    return jnp.abs(pred - y).sum()


def evaluate(state, x, y, scale, batch_size=100):
    """Mean absolute error in kW over all windows and hours."""
    total = 0.0
    for i in range(0, len(x), batch_size):
        total += eval_step(state, x[i:i + batch_size], y[i:i + batch_size])
    return float(total) / y.size * scale


def main():
    (x_train, y_train), (x_test, y_test), scale = get_data()
    key, init_key = jax.random.split(jax.random.key(0))
    model = Forecaster()
    params = model.init(init_key, x_train[:1])["params"]
    tx = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(LEARNING_RATE))
    state = TrainState.create(apply_fn=model.apply, params=params, tx=tx)

    shuffler = np.random.default_rng(0)
    for epoch in range(EPOCHS):
        losses = []
        for x, y in batch_iterator(x_train, y_train, BATCH_SIZE, shuffler):
            key, dropout_key = jax.random.split(key)
            state, loss = train_step(state, x, y, dropout_key)
            losses.append(float(loss) * len(x))
        mae = evaluate(state, x_test, y_test, scale)
        print(f"epoch {epoch}: train mse {np.sum(losses) / len(x_train):.4f}, test mae {mae:.1f} kW")


if __name__ == "__main__":
    main()
