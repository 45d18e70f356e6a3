"""Which kind of wave is it? Bidirectional LSTM on short noisy signals (sine, square, saw-tooth, triangle).

Each signal comes as [time, 1]. Both directions are averaged over time before the classifier.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

KINDS = ["sine", "square", "sawtooth", "triangle"]


def make_waves(n, steps=40, noise=0.1, seed=0):
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, steps)
    labels = rng.integers(0, len(KINDS), n)
    waves = np.empty((n, steps, 1), np.float32)
    for k, label in enumerate(labels):
        phase = (t * rng.uniform(2, 5) + rng.uniform()) % 1.0
        kind = KINDS[label]
        if kind == "sine":
            y = np.sin(2 * np.pi * phase)
        elif kind == "square":
            y = np.where(phase < 0.5, 1.0, -1.0)
        elif kind == "sawtooth":
            y = 2 * phase - 1
        else:
            y = 4 * np.abs(phase - 0.5) - 1
        waves[k, :, 0] = y + noise * rng.standard_normal(steps)
    return waves, labels


class WaveClassifier(nnx.Module):
    def __init__(self, hidden=32, n_classes=len(KINDS), *, rngs: nnx.Rngs):
        forward_cell = nnx.OptimizedLSTMCell(1, hidden, rngs=rngs)
        backward_cell = nnx.OptimizedLSTMCell(1, hidden, rngs=rngs)
        self.birnn = nnx.Bidirectional(nnx.RNN(forward_cell), nnx.RNN(backward_cell))
        self.classify = nnx.Linear(2 * hidden, n_classes, rngs=rngs)

    def __call__(self, x):
        states = self.birnn(x)
        summary = states.mean(axis=1)
        return self.classify(summary)


def loss_fn(model, x, labels):
    logits = model(x)
    loss = optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()
    return loss, logits


@nnx.jit
def train_step(model, optimizer, metrics, x, labels):
    (loss, logits), grads = nnx.value_and_grad(loss_fn, has_aux=True)(model, x, labels)
    metrics.update(loss=loss, logits=logits, labels=labels)
    optimizer.update(model, grads)


@nnx.jit
def eval_step(model, x, labels):
    return jnp.mean(jnp.argmax(model(x), axis=-1) == labels)


def batches(x, y, batch_size, seed):
    order = np.random.default_rng(seed).permutation(len(x))
    for start in range(0, len(x), batch_size):
        rows = order[start : start + batch_size]
        yield x[rows], y[rows]


def main():
    x, y = make_waves(4000, seed=0)
    x_test, y_test = make_waves(1000, seed=1)
    model = WaveClassifier(rngs=nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(2e-3), wrt=nnx.Param)
    metrics = nnx.MultiMetric(loss=nnx.metrics.Average("loss"), accuracy=nnx.metrics.Accuracy())
    for epoch in range(10):
        metrics.reset()
        for xb, yb in batches(x, y, 64, seed=epoch):
            train_step(model, optimizer, metrics, xb, yb)
        print(epoch, metrics.compute(), "test", eval_step(model, x_test, y_test))


if __name__ == "__main__":
    main()
