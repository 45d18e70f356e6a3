"""The next character of a text, at every step."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

TEXT = "the quick brown fox jumps over the lazy dog while five boxing wizards jump quickly. " * 40
CHARS = sorted(set(TEXT))
DATA = np.array([CHARS.index(c) for c in TEXT], np.int32)


class CharLSTM(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        glorot = nnx.initializers.glorot_uniform()
        self.embed = nnx.Embed(len(CHARS), 24, rngs=rngs)
        cell = nnx.LSTMCell(24, 48, kernel_init=glorot, recurrent_kernel_init=glorot, rngs=rngs)
        self.rnn = nnx.RNN(cell)
        self.head = nnx.Linear(48, len(CHARS), kernel_init=glorot, rngs=rngs)

    def __call__(self, ids):
        return self.head(self.rnn(self.embed(ids)))


def loss_fn(model, ids, targets):
    return optax.softmax_cross_entropy_with_integer_labels(model(ids), targets).mean()


def get_batch(rng, batch_size=16, length=24):
    starts = rng.integers(0, len(DATA) - length - 1, batch_size)
    chunk = np.stack([DATA[s : s + length + 1] for s in starts])
    inputs, targets = chunk[:, :-1], chunk[:, 1:]
    return inputs, targets
