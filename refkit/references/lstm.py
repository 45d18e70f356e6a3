"""LSTM: one recurrent layer and a linear readout of its last state, for sequences.

Paper: Hochreiter, Schmidhuber (1997), Long short-term memory; forget gate of Gers, Schmidhuber, Cummins (2000).
Task: the adding problem, 20 steps: the target is 0.5 + (X1 + X2) / 4 of the two marked values.
Run: python lstm.py
Known result: share wrong 0.0007422 ± 0.0013 on adding_problem, 20 seeds; best baseline 0.7816, nearest-neighbours.
"""

import argparse
import dataclasses
from collections.abc import Callable, Iterator

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


@dataclasses.dataclass(frozen=True)
class Config:
    """Sizes and defaults: Adam at 3e-4, tanh with Glorot initialisation, no regularisation."""

    features: int = 2
    hidden: int = 128
    outputs: int = 1
    activation: Callable = nnx.tanh
    kernel_init: Callable = nnx.initializers.glorot_uniform()
    learning_rate: float = 3e-4
    batch_size: int = 32
    epochs: int = 6
    steps: int = 20
    seed: int = 0


class LSTMCell(nnx.Module):
    """One step: `f32[batch, features]` and the state `(c, h)` to the next state."""

    def __init__(self, features: int, config: Config, rngs: nnx.Rngs):
        self.config = config
        from_x = lambda: nnx.Linear(features, config.hidden, kernel_init=config.kernel_init, rngs=rngs)
        from_h = lambda: nnx.Linear(
            config.hidden, config.hidden, use_bias=False, kernel_init=config.kernel_init, rngs=rngs
        )
        self.input_x, self.input_h = from_x(), from_h()
        self.forget_x, self.forget_h = from_x(), from_h()
        self.cell_x, self.cell_h = from_x(), from_h()
        self.output_x, self.output_h = from_x(), from_h()

    def __call__(self, c: jax.Array, h: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        activation = self.config.activation
        i = nnx.sigmoid(self.input_x(x) + self.input_h(h))  # f32[batch, 128]
        f = nnx.sigmoid(self.forget_x(x) + self.forget_h(h))  # f32[batch, 128]
        g = activation(self.cell_x(x) + self.cell_h(h))  # f32[batch, 128]
        o = nnx.sigmoid(self.output_x(x) + self.output_h(h))  # f32[batch, 128]
        c = f * c + i * g  # f32[batch, 128]
        h = o * activation(c)  # f32[batch, 128]
        return c, h


class LSTM(nnx.Module):
    """`f32[batch, time, features]` to `f32[batch, outputs]`."""

    def __init__(self, config: Config, rngs: nnx.Rngs):
        self.config = config
        self.cell = LSTMCell(config.features, config, rngs)
        self.outputs = nnx.Linear(config.hidden, config.outputs, kernel_init=config.kernel_init, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        chex.assert_shape(x, (None, None, self.config.features))
        states = run(self.cell, x)  # f32[batch, 20, 128]
        x = states[:, -1]  # f32[batch, 128]
        x = self.outputs(x)  # f32[batch, 1]
        return x


def run(cell: LSTMCell, x: jax.Array) -> jax.Array:
    """The hidden state after every step, from a state of zeros."""

    def step(state, x_t):
        c, h = cell(*state, x_t)  # f32[batch, 128]
        return (c, h), h

    zeros = jnp.zeros((x.shape[0], cell.config.hidden))  # f32[batch, 128]
    x = x.swapaxes(0, 1)  # f32[20, batch, 2]
    _, states = jax.lax.scan(step, (zeros, zeros), x)  # f32[20, batch, 128]
    return states.swapaxes(0, 1)  # f32[batch, 20, 128]


def loss_fn(model: LSTM, x: jax.Array, targets: jax.Array) -> jax.Array:
    """Mean squared error against `f32[batch, 1]`."""
    predictions = model(x)  # f32[batch, 1]
    chex.assert_equal_shape([predictions, targets])
    errors = (predictions - targets) ** 2  # f32[batch, 1]
    return errors.mean()  # f32[]


def make_optimizer(model: LSTM, config: Config) -> nnx.Optimizer:
    return nnx.Optimizer(model, optax.adam(config.learning_rate), wrt=nnx.Param)


@nnx.jit
def train_step(model: LSTM, optimizer: nnx.Optimizer, x: jax.Array, targets: jax.Array) -> jax.Array:
    loss, grads = nnx.value_and_grad(loss_fn)(model, x, targets)
    optimizer.update(model, grads)
    return loss


def preprocess(sequences: np.ndarray) -> np.ndarray:
    """As `f32[batch, time, features]`: the values lie in -1..1 already."""
    return sequences.astype(np.float32)


def share_wrong(model: LSTM, x: np.ndarray, targets: np.ndarray) -> float:
    """Share of answers that are off by more than 0.04."""
    errors = jnp.abs(model(jnp.asarray(x)) - targets)
    return float((errors > 0.04).mean())


def accuracy(model: LSTM, x: np.ndarray, targets: np.ndarray) -> float:
    """Share of answers that are off by 0.04 at most."""
    return 1 - share_wrong(model, x, targets)


def batches(x: np.ndarray, targets: np.ndarray, batch_size: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Every example once, shuffled; the last batch may be short."""
    order = np.random.default_rng(seed).permutation(len(targets))
    for chosen in np.split(order, range(batch_size, len(order), batch_size)):
        yield x[chosen], targets[chosen]


def adding_problem(examples: int, steps: int = Config.steps, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Values of -1..1 beside marks, `f32[examples, steps, 2]`, and 0.5 + (X1 + X2) / 4, `f32[examples, 1]`.

    One of the first 10 steps is marked, then another one in the first half.
    """
    rng, rows = np.random.default_rng(seed), np.arange(examples)
    values, marks = rng.uniform(-1, 1, (examples, steps)), np.zeros((examples, steps))  # f64[examples, steps]
    marks[rows, rng.integers(min(10, steps), size=examples)] = 1
    lots = rng.random((examples, steps // 2)) - marks[:, : steps // 2]  # below 0 where the first mark is
    marks[rows, lots.argmax(axis=1)] = 1
    targets = 0.5 + (values * marks).sum(axis=1, keepdims=True) / 4  # f64[examples, 1]
    return np.stack([values, marks], axis=-1).astype(np.float32), targets.astype(np.float32)


def load_data(name: str | None = None, steps: int = Config.steps) -> list[tuple[np.ndarray, np.ndarray]]:
    """Training and test examples: the adding problem, or a prepared TFDS set of sequences of one length and numbers."""
    if name is None:
        return [adding_problem(10_000, steps, seed=0), adding_problem(2_560, steps, seed=1)]
    import tensorflow_datasets as tfds

    builder = tfds.builder(name, file_format="array_record")
    if not builder.is_prepared():
        raise SystemExit(f"`{name}` is not prepared: run `tfds build {name} --file_format=array_record` once")
    parts, (inputs, target) = [], builder.info.supervised_keys
    for source in builder.as_data_source(["train", "test"]):
        rows = source.__getitems__(range(len(source)))
        parts.append((np.stack([row[inputs] for row in rows]), np.float32([[row[target]] for row in rows])))
    return parts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="a prepared TFDS set of sequences and numbers (default: adding problem)")
    parser.add_argument("--epochs", type=int, default=Config.epochs)
    parser.add_argument("--seed", type=int, default=Config.seed)
    parser.add_argument("--steps", type=int, default=Config.steps, help="steps of the adding problem")
    arguments = parser.parse_args()
    (x, targets), (test_x, test_targets) = load_data(arguments.data, arguments.steps)
    config = Config(x.shape[-1], epochs=arguments.epochs, steps=x.shape[1], seed=arguments.seed)
    model = LSTM(config, nnx.Rngs(config.seed))
    optimizer = make_optimizer(model, config)
    for epoch in range(config.epochs):
        order = batches(preprocess(x), targets, config.batch_size, seed=epoch)
        losses = [train_step(model, optimizer, *batch) for batch in order]
        chex.assert_tree_all_finite(losses)
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}")
    print(f"share wrong of {len(test_x)} test sequences: {share_wrong(model, preprocess(test_x), test_targets):.4f}")
    print(f"baseline, the mean target: {np.mean(abs(test_targets - targets.mean()) > 0.04):.4f}")
    print(next(line for line in __doc__.splitlines() if line.startswith("Known result")))


if __name__ == "__main__":
    main()
