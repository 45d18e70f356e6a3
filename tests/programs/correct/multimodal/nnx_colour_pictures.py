"""Colour pictures (28x28x3) and short questions about them. Flax NNX, library layers throughout."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

COLOURS = {"red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1), "yellow": (1, 1, 0)}
PLACES = ["left", "right"]
TOKENS = ["<pad>", "what", "colour", "is", "the", "thing", *PLACES]


class ConvTower(nnx.Module):
    def __init__(self, channels, *, rngs):
        self.layers = nnx.Sequential(
            nnx.Conv(channels, 6, (5, 5), padding="SAME", rngs=rngs),
            nnx.relu,
            lambda x: nnx.avg_pool(x, (2, 2), (2, 2)),
            nnx.Conv(6, 16, (5, 5), padding="VALID", rngs=rngs),
            nnx.relu,
            lambda x: nnx.avg_pool(x, (2, 2), (2, 2)),
        )

    def __call__(self, x):
        x = self.layers(x)
        return x.reshape((x.shape[0], -1))


class ColourVQA(nnx.Module):
    def __init__(self, channels=3, vocab_size=len(TOKENS), hidden=64, num_classes=len(COLOURS), *, rngs: nnx.Rngs):
        self.tower = ConvTower(channels, rngs=rngs)
        self.embedding = nnx.Embed(vocab_size, 32, rngs=rngs)
        self.rnn = nnx.RNN(nnx.OptimizedLSTMCell(32, hidden, rngs=rngs))
        self.head = nnx.Sequential(
            nnx.Linear(400 + hidden, 128, rngs=rngs), nnx.relu, nnx.Linear(128, num_classes, rngs=rngs)
        )

    def __call__(self, image, question):
        outputs = self.rnn(self.embedding(question))
        features = jnp.concatenate([self.tower(image), outputs[:, -1, :]], axis=-1)
        return self.head(features)


def cross_entropy(logits, labels):
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


@nnx.jit
def train_step(model, optimizer, image, question, labels):
    def loss_fn(model):
        return cross_entropy(model(image, question), labels)

    loss, grads = nnx.value_and_grad(loss_fn)(model)
    optimizer.update(model, grads)
    return loss


def make_pictures(n, seed):
    rng = np.random.default_rng(seed)
    palette = np.array(list(COLOURS.values()), np.float32)
    names = rng.integers(0, len(COLOURS), (n, 2))
    image = np.full((n, 28, 28, 3), 0.1, np.float32)
    for k in range(n):
        for side in range(2):
            row, col = rng.integers(2, 18), 14 * side + rng.integers(1, 5)
            image[k, row : row + 8, col : col + 8] = palette[names[k, side]]
    side = rng.integers(0, 2, n)
    start = [TOKENS.index(word) for word in ("what", "colour", "is", "the")]
    question = np.array([start + [TOKENS.index(PLACES[s]), TOKENS.index("thing")] for s in side], np.int32)
    return image, question, names[np.arange(n), side].astype(np.int32)


def main():
    image, question, labels = make_pictures(3000, seed=0)
    test_image, test_question, test_labels = make_pictures(500, seed=1)
    model = ColourVQA(rngs=nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
    for epoch in range(8):
        order = np.random.default_rng(epoch).permutation(len(labels))
        for rows in order.reshape(-1, 30):
            loss = train_step(model, optimizer, image[rows], question[rows], labels[rows])
        guess = model(test_image, test_question).argmax(-1)
        print(f"epoch {epoch} loss {loss:.3f} test accuracy {(guess == test_labels).mean():.3f}")


if __name__ == "__main__":
    main()
