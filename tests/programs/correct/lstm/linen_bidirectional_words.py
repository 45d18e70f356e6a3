"""Bidirectional LSTM text classifier (Flax Linen) on made-up reviews.

A review is a row of word ids. The final states of the two directions are concatenated and classified.
"""

from typing import Sequence

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn

WORDS = ["bad", "awful", "boring", "good", "great", "fun", "the", "film", "was", "a", "very", "not", "plot", "and"]
VOCAB = {w: n for n, w in enumerate(WORDS)}
NEGATIVE, POSITIVE = WORDS[:3], WORDS[3:6]


def encode(words: Sequence[str]) -> list:
    return [VOCAB[w] for w in words]


def make_reviews(n, length=12, seed=0):
    rng = np.random.default_rng(seed)
    ids = np.empty((n, length), np.int32)
    labels = rng.integers(0, 2, n)
    for row, label in enumerate(labels):
        words = list(rng.choice(WORDS[6:], length))
        words[rng.integers(length)] = rng.choice(POSITIVE if label else NEGATIVE)
        ids[row] = encode(words)
    return ids, labels


class BiLSTMClassifier(nn.Module):
    vocab_size: int = len(WORDS)
    embed_dim: int = 16
    hidden: int = 24
    num_classes: int = 2

    def setup(self):
        self.embed = nn.Embed(self.vocab_size, self.embed_dim)
        self.left_to_right = nn.RNN(nn.LSTMCell(self.hidden), return_carry=True)
        self.right_to_left = nn.RNN(nn.LSTMCell(self.hidden), return_carry=True, reverse=True)
        self.out = nn.Dense(self.num_classes)

    def __call__(self, ids):
        x = self.embed(ids)
        (_, h_fwd), _ = self.left_to_right(x)
        (_, h_bwd), _ = self.right_to_left(x)
        h = jnp.concatenate([h_fwd, h_bwd], axis=-1)
        return self.out(h)


def cross_entropy_loss(logits, labels):
    one_hot = jax.nn.one_hot(labels, logits.shape[-1])
    return -jnp.mean(jnp.sum(one_hot * jax.nn.log_softmax(logits), axis=-1))


class Trainer:
    def __init__(self, model, learning_rate=1e-3, seed=0):
        self.model = model
        self.tx = optax.adam(learning_rate)
        self.params = model.init(jax.random.key(seed), jnp.zeros((1, 12), jnp.int32))["params"]
        self.opt_state = self.tx.init(self.params)
        self._step = jax.jit(self._train_step)

    def _train_step(self, params, opt_state, ids, labels):
        def loss_fn(params):
            return cross_entropy_loss(self.model.apply({"params": params}, ids), labels)

        loss, grads = jax.value_and_grad(loss_fn)(params)
        updates, opt_state = self.tx.update(grads, opt_state)
        return optax.apply_updates(params, updates), opt_state, loss

    def train(self, ids, labels, epochs=5, batch_size=50):
        for epoch in range(epochs):
            order = np.random.default_rng(epoch).permutation(len(ids))
            for rows in order.reshape(-1, batch_size):
                self.params, self.opt_state, loss = self._step(self.params, self.opt_state, ids[rows], labels[rows])
            print(f"epoch {epoch}: loss {loss:.4f}")

    def accuracy(self, ids, labels):
        logits = self.model.apply({"params": self.params}, ids)
        return float(np.mean(np.argmax(logits, axis=1) == labels))


if __name__ == "__main__":
    trainer = Trainer(BiLSTMClassifier())
    trainer.train(*make_reviews(3000, seed=0))
    print("test accuracy", trainer.accuracy(*make_reviews(500, seed=1)))
