"""Multimodal: LeNet's convolutions and an LSTM, concatenated, for a picture with words on it.

Paper: Antol et al. (2015), VQA: visual question answering (deep LSTM and image features, merged into one classifier).
Task: shapes and questions, two shapes in a small picture and a worded question on one of them, 5 answers.
Run: python multimodal.py
Known result: accuracy 0.9983 ± 0.007 on shapes_and_questions, 20 seeds; best baseline 0.501, logistic-regression.
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

SHAPES = {"plus": [[0, 1, 0], [1, 1, 1], [0, 1, 0]], "ring": [[1, 1, 1], [1, 0, 1], [1, 1, 1]], "square": [[1] * 3] * 3}
WORDS = ("", "what", "shape", "is", "there", "a", "in", "the", "half", "left", "right", *SHAPES)  # word 0 is padding
ANSWERS = ("no", "yes", *SHAPES)


@dataclasses.dataclass(frozen=True)
class Config:
    """Sizes and defaults: Adam at 3e-4, ReLU with He initialisation, tanh with Glorot, no regularisation."""

    image: tuple[int, int, int] = (28, 28, 1)
    channels: tuple[int, ...] = (6, 16)
    kernel: int = 5
    padding: tuple[str, ...] = ("SAME", "VALID")
    pool: Callable = nnx.avg_pool
    vocabulary: int = len(WORDS)
    embedding: int = 32
    hidden: int = 64
    dense: tuple[int, ...] = (128,)
    classes: int = len(ANSWERS)
    activation: Callable = nnx.relu
    kernel_init: Callable = nnx.initializers.he_normal()
    state_activation: Callable = nnx.tanh
    state_init: Callable = nnx.initializers.glorot_uniform()
    learning_rate: float = 3e-4
    batch_size: int = 16
    epochs: int = 10
    seed: int = 0


class LSTMCell(nnx.Module):
    """One step: `f32[batch, features]` and the state `(c, h)` to the next state."""

    def __init__(self, features: int, config: Config, rngs: nnx.Rngs):
        self.config, init = config, config.state_init
        from_x = lambda: nnx.Linear(features, config.hidden, kernel_init=init, rngs=rngs)
        from_h = lambda: nnx.Linear(config.hidden, config.hidden, use_bias=False, kernel_init=init, rngs=rngs)
        self.input_x, self.input_h = from_x(), from_h()
        self.forget_x, self.forget_h = from_x(), from_h()
        self.cell_x, self.cell_h = from_x(), from_h()
        self.output_x, self.output_h = from_x(), from_h()

    def __call__(self, c: jax.Array, h: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        activation = self.config.state_activation
        i = nnx.sigmoid(self.input_x(x) + self.input_h(h))  # f32[batch, 64]
        f = nnx.sigmoid(self.forget_x(x) + self.forget_h(h))  # f32[batch, 64]
        g = activation(self.cell_x(x) + self.cell_h(h))  # f32[batch, 64]
        o = nnx.sigmoid(self.output_x(x) + self.output_h(h))  # f32[batch, 64]
        c = f * c + i * g  # f32[batch, 64]
        h = o * activation(c)  # f32[batch, 64]
        return c, h


class Multimodal(nnx.Module):
    """Image `f32[batch, 28, 28, 1]` in [0, 1] and words `i32[batch, time]` to logits `f32[batch, 5]`."""

    def __init__(self, config: Config, rngs: nnx.Rngs):
        self.config = config
        window, init = (config.kernel, config.kernel), config.kernel_init
        self.conv1 = nnx.Conv(
            config.image[-1], config.channels[0], window, padding=config.padding[0], kernel_init=init, rngs=rngs
        )
        self.conv2 = nnx.Conv(
            config.channels[0], config.channels[1], window, padding=config.padding[1], kernel_init=init, rngs=rngs
        )
        self.embedding = nnx.Embed(config.vocabulary, config.embedding, rngs=rngs)
        self.cell = LSTMCell(config.embedding, config, rngs)
        self.dense1 = nnx.Linear(flat_features(config) + config.hidden, config.dense[0], kernel_init=init, rngs=rngs)
        self.logits = nnx.Linear(config.dense[-1], config.classes, kernel_init=init, rngs=rngs)

    def __call__(self, image: jax.Array, words: jax.Array) -> jax.Array:
        activation, pool = self.config.activation, self.config.pool
        chex.assert_shape([image, words], [(None, *self.config.image), (image.shape[0], None)])
        x = self.conv1(image)  # f32[batch, 28, 28, 6]
        x = activation(x)  # f32[batch, 28, 28, 6]
        x = pool(x, (2, 2), strides=(2, 2))  # f32[batch, 14, 14, 6]
        x = self.conv2(x)  # f32[batch, 10, 10, 16]
        x = activation(x)  # f32[batch, 10, 10, 16]
        x = pool(x, (2, 2), strides=(2, 2))  # f32[batch, 5, 5, 16]
        image_vector = x.reshape(x.shape[0], -1)  # f32[batch, 400]
        x = self.embedding(words)  # f32[batch, 8, 32]
        states = run(self.cell, x)  # f32[batch, 8, 64]
        words_vector = states[:, -1]  # f32[batch, 64]
        x = jnp.concatenate([image_vector, words_vector], axis=-1)  # f32[batch, 464]
        x = self.dense1(x)  # f32[batch, 128]
        x = activation(x)  # f32[batch, 128]
        x = self.logits(x)  # f32[batch, 5]
        return x


def flat_features(config: Config) -> int:
    """Features left once every convolution and pooling has run: 400 by default."""
    height, width, _ = config.image
    for padding in config.padding:
        lost = 0 if padding == "SAME" else config.kernel - 1
        height, width = (height - lost) // 2, (width - lost) // 2
    return height * width * config.channels[-1]


def run(cell: LSTMCell, x: jax.Array) -> jax.Array:
    """The hidden state after every step, from a state of zeros."""

    def step(state, x_t):
        c, h = cell(*state, x_t)  # f32[batch, 64]
        return (c, h), h

    zeros = jnp.zeros((x.shape[0], cell.config.hidden))  # f32[batch, 64]
    x = x.swapaxes(0, 1)  # f32[8, batch, 32]
    _, states = jax.lax.scan(step, (zeros, zeros), x)  # f32[8, batch, 64]
    return states.swapaxes(0, 1)  # f32[batch, 8, 64]


def loss_fn(model: Multimodal, image: jax.Array, words: jax.Array, labels: jax.Array) -> jax.Array:
    """Mean cross-entropy in nats of logits against class ids `i32[batch]`."""
    logits = model(image, words)  # f32[batch, 5]
    chex.assert_shape(labels, logits.shape[:1])
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)  # f32[batch]
    return losses.mean()  # f32[]


def make_optimizer(model: Multimodal, config: Config) -> nnx.Optimizer:
    return nnx.Optimizer(model, optax.adam(config.learning_rate), wrt=nnx.Param)


@nnx.jit
def train_step(model: Multimodal, optimizer: nnx.Optimizer, *batch: jax.Array) -> jax.Array:
    loss, grads = nnx.value_and_grad(loss_fn)(model, *batch)
    optimizer.update(model, grads)
    return loss


def preprocess(images: np.ndarray) -> np.ndarray:
    """`u8[batch, 28, 28, 1]` in 0..255 to `f32` in [0, 1]; words stay as they are."""
    return images.astype(np.float32) / 255


def accuracy(model: Multimodal, image: np.ndarray, words: np.ndarray, labels: np.ndarray) -> float:
    """Share of examples whose largest logit is the label's."""
    return float((model(jnp.asarray(image), jnp.asarray(words)).argmax(axis=-1) == labels).mean())


def batches(image: np.ndarray, words: np.ndarray, labels: np.ndarray, batch_size: int, seed: int) -> Iterator[tuple]:
    """Every example once, shuffled; the last batch may be short."""
    order = np.random.default_rng(seed).permutation(len(labels))
    for chosen in np.split(order, range(batch_size, len(order), batch_size)):
        yield image[chosen], words[chosen], labels[chosen]


def shapes_and_questions(examples: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A shape in each half, and what or whether: `u8[examples, 28, 28, 1]`, `i32[examples, 8]`, `i32[examples]`."""
    rng, images, asked = np.random.default_rng(seed), np.zeros((examples, 28, 28, 1), np.uint8), []
    for image in images:
        kinds, (place, other) = rng.permutation([*SHAPES]), rng.integers(2, size=2)
        for half, kind, (top, left) in zip(np.split(image, 2, axis=1), kinds, rng.integers((20, 6), size=(2, 2))):
            half[top : top + 9, left : left + 9, 0] = 255 * np.kron(SHAPES[kind], np.ones((3, 3)))
        what = f"what shape is there in the {('left', 'right')[place]} half", kinds[place]
        whether = f"is there a {kinds[other]} in the {('left', 'right')[place]} half", ANSWERS[int(other == place)]
        asked.append(what if rng.random() < 0.5 else whether)
    words = np.int32([[WORDS.index(word) for word in question.split()] for question, _ in asked])
    return images, words, np.int32([ANSWERS.index(answer) for _, answer in asked])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=Config.epochs)
    parser.add_argument("--seed", type=int, default=Config.seed)
    config = Config(**vars(parser.parse_args()))
    data, test = shapes_and_questions(10_000, seed=0), shapes_and_questions(2_000, seed=1)
    model = Multimodal(config, nnx.Rngs(config.seed))
    optimizer = make_optimizer(model, config)
    for epoch in range(config.epochs):
        losses = [train_step(model, optimizer, preprocess(x), *y) for x, *y in batches(*data, config.batch_size, epoch)]
        chex.assert_tree_all_finite(losses)
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}")
    print(f"accuracy on {len(test[0])} test questions: {accuracy(model, preprocess(test[0]), *test[1:]):.3f}")
    print(f"baseline, the majority class: {np.mean(test[2] == np.bincount(data[2]).argmax()):.3f}")
    print(next(line for line in __doc__.splitlines() if line.startswith("Known result")))


if __name__ == "__main__":
    main()
