"""Classify token sequences of different lengths with an embedding and an LSTM (Flax NNX).

Sequences are padded with id 0; the LSTM's state at each sequence's own last token goes into the classifier.
The toy task: is the most frequent token of the sequence odd or even?
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

PAD = 0
VOCAB_SIZE = 20
MAX_LEN = 16


class TokenClassifier(nnx.Module):
    def __init__(self, vocab_size=VOCAB_SIZE, embed_size=32, hidden=128, num_classes=2, *, rngs: nnx.Rngs):
        self.embed = nnx.Embed(vocab_size, embed_size, rngs=rngs)
        self.rnn = nnx.RNN(nnx.OptimizedLSTMCell(embed_size, hidden, rngs=rngs), return_carry=True)
        self.linear = nnx.Linear(hidden, num_classes, rngs=rngs)

    def __call__(self, tokens: jax.Array, lengths: jax.Array) -> jax.Array:
        x = self.embed(tokens)  # [B, T, E]
        (_, h), _ = self.rnn(x, seq_lengths=lengths)
        return self.linear(h)


def loss_fn(model, tokens, lengths, labels):
    logits = model(tokens, lengths)
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
    return losses.mean()


@nnx.jit
def train_step(model, optimizer, tokens, lengths, labels):
    loss, grads = nnx.value_and_grad(loss_fn)(model, tokens, lengths, labels)
    optimizer.update(model, grads)
    return loss


def make_data(n, seed):
    rng = np.random.default_rng(seed)
    tokens = np.full((n, MAX_LEN), PAD, np.int32)
    lengths = rng.integers(5, MAX_LEN + 1, n).astype(np.int32)
    labels = np.zeros(n, np.int32)
    for row in range(n):
        sequence = rng.integers(1, VOCAB_SIZE, lengths[row])
        favourite = rng.integers(1, VOCAB_SIZE)
        sequence[rng.choice(lengths[row], 3, replace=False)] = favourite
        tokens[row, : lengths[row]] = sequence
        labels[row] = np.bincount(sequence).argmax() % 2
    return tokens, lengths, labels


def accuracy(model, tokens, lengths, labels, batch_size=100):
    correct = 0
    for start in range(0, len(tokens), batch_size):
        stop = start + batch_size
        logits = model(tokens[start:stop], lengths[start:stop])
        correct += int((logits.argmax(-1) == labels[start:stop]).sum())
    return correct / len(tokens)


def main():
    train = make_data(5000, seed=0)
    test = make_data(1000, seed=1)
    model = TokenClassifier(rngs=nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
    rng = np.random.default_rng(2)
    for epoch in range(10):
        order = rng.permutation(len(train[0]))
        for start in range(0, len(order), 64):
            rows = order[start : start + 64]
            loss = train_step(model, optimizer, *(part[rows] for part in train))
        print(f"epoch {epoch} loss {loss:.3f} test accuracy {accuracy(model, *test):.3f}")


if __name__ == "__main__":
    main()
