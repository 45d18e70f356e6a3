"""Embedding, LSTM, dense: a sentence classifier in Flax Linen with a TrainState.

All sentences have the same number of tokens, so no masking is needed.
"""

from typing import Tuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from absl import logging
from flax.training import train_state

VOCAB_SIZE = 50
SENTENCE_LENGTH = 10
NUM_CLASSES = 3


class SentenceClassifier(nn.Module):
    """LSTM over word vectors."""

    vocab_size: int = VOCAB_SIZE
    embedding_dim: int = 20
    hidden_dim: int = 40
    num_classes: int = NUM_CLASSES

    @nn.compact
    def __call__(self, token_ids):
        embedded = nn.Embed(num_embeddings=self.vocab_size, features=self.embedding_dim, name="embedding")(token_ids)
        lstm = nn.RNN(nn.OptimizedLSTMCell(features=self.hidden_dim), name="lstm")
        outputs = lstm(embedded)
        final = outputs[:, -1]
        return nn.Dense(features=self.num_classes, name="classifier")(final)


def cross_entropy(logits, labels):
    """Mean over the batch of -log p(label)."""
    log_probs = jax.nn.log_softmax(logits, axis=-1)
    picked = jnp.take_along_axis(log_probs, labels[:, None], axis=-1)
    return -picked.mean()


def create_state(rng, learning_rate):
    model = SentenceClassifier()
    variables = model.init(rng, jnp.ones((1, SENTENCE_LENGTH), jnp.int32))
    return train_state.TrainState.create(
        apply_fn=model.apply, params=variables["params"], tx=optax.adamw(learning_rate, weight_decay=1e-4)
    )


@jax.jit
def train_step(state: train_state.TrainState, tokens, labels) -> Tuple[train_state.TrainState, jax.Array]:
    def loss_fn(params):
        logits = state.apply_fn({"params": params}, tokens)
        return cross_entropy(logits, labels)

    loss, grads = jax.value_and_grad(loss_fn)(state.params)
    return state.apply_gradients(grads=grads), loss


@jax.jit
def count_correct(state, tokens, labels):
    logits = state.apply_fn({"params": state.params}, tokens)
    return jnp.sum(jnp.argmax(logits, -1) == labels)


def synthetic_sentences(n, seed):
    """Three groups of five 'topic' words each; the label is the group that occurs most."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, NUM_CLASSES, n)
    tokens = rng.integers(15, VOCAB_SIZE, (n, SENTENCE_LENGTH))
    for sentence, label in zip(tokens, labels):
        places = rng.choice(SENTENCE_LENGTH, 3, replace=False)
        sentence[places[:2]] = label * 5 + rng.integers(0, 5, 2)
        other = (label + rng.integers(1, NUM_CLASSES)) % NUM_CLASSES
        sentence[places[2]] = other * 5 + rng.integers(0, 5)
    return tokens.astype(np.int32), labels.astype(np.int32)


def main(num_epochs=8, batch_size=64):
    logging.set_verbosity(logging.INFO)
    tokens, labels = synthetic_sentences(6000, seed=0)
    test_tokens, test_labels = synthetic_sentences(1000, seed=1)
    state = create_state(jax.random.PRNGKey(0), 1e-3)
    rng = np.random.default_rng(0)
    for epoch in range(num_epochs):
        order = rng.permutation(len(tokens))
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            state, loss = train_step(state, tokens[rows], labels[rows])
        correct = count_correct(state, test_tokens, test_labels)
        logging.info("epoch %d loss %.3f test accuracy %.3f", epoch, loss, correct / len(test_labels))


if __name__ == "__main__":
    main()
