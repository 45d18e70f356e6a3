"""Sentiment of token sequences of one length: ids, labels and batches of both."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

VOCAB, CLASSES = 50, 3


class Classifier(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        glorot = nnx.initializers.glorot_uniform()
        self.embed = nnx.Embed(VOCAB, 16, rngs=rngs)
        cell = nnx.LSTMCell(16, 32, kernel_init=glorot, recurrent_kernel_init=glorot, rngs=rngs)
        self.rnn = nnx.RNN(cell)
        self.out = nnx.Linear(32, CLASSES, kernel_init=glorot, rngs=rngs)

    def __call__(self, tokens):
        return self.out(self.rnn(self.embed(tokens))[:, -1])


def loss_fn(model, tokens, labels):
    return optax.softmax_cross_entropy_with_integer_labels(model(tokens), labels).mean()


def prepare(tokens):
    """Any integers to i32, longer sequences cut."""
    tokens = np.asarray(tokens)[:, :64]
    return tokens.astype(np.int32)


def batches(tokens, labels, batch_size, seed):
    order = np.random.default_rng(seed).permutation(len(labels))
    for k in range(0, len(order), batch_size):
        rows = order[k : k + batch_size]
        yield tokens[rows], labels[rows]


def split_tokens(tokens, labels, seed=0):
    order = np.random.default_rng(seed).permutation(len(labels))
    cut = int(0.8 * len(order))
    train, test = order[:cut], order[cut:]
    return (tokens[train], labels[train]), (tokens[test], labels[test])
