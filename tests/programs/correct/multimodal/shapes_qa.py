from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import optax
from flax import nnx


@dataclass
class Config:
    vocab: int = 24
    word_dim: int = 16
    lstm_dim: int = 40
    conv_dims: tuple = (6, 12)
    fused_dim: int = 80
    answers: int = 4
    word_std: float = 0.3


class Encoder(nnx.Module):
    """Turns one modality into a flat vector per example."""

    @abstractmethod
    def encode(self, inputs: jax.Array) -> jax.Array: ...

    def __call__(self, inputs: jax.Array) -> jax.Array:
        vectors = self.encode(inputs)
        return vectors.reshape(inputs.shape[0], -1)


class PictureEncoder(Encoder):
    def __init__(self, cfg: Config, rngs: nnx.Rngs):
        first, second = cfg.conv_dims
        self.conv_a = nnx.Conv(1, first, (5, 5), padding=2, rngs=rngs)
        self.conv_b = nnx.Conv(first, second, (5, 5), padding="VALID", rngs=rngs)
        self.flat_dim = 5 * 5 * second

    def encode(self, inputs):
        maps = jnp.tanh(self.conv_a(inputs))
        maps = nnx.avg_pool(maps, (2, 2), strides=(2, 2))
        maps = jnp.tanh(self.conv_b(maps))
        return nnx.avg_pool(maps, (2, 2), strides=(2, 2))


class Gate(nnx.Module):
    """One gate of the cell: act(W x + U h + b)."""

    def __init__(self, n_in: int, n: int, act, rngs: nnx.Rngs):
        self.w = nnx.Linear(n_in, n, rngs=rngs)
        self.u = nnx.Linear(n, n, use_bias=False, kernel_init=nnx.initializers.orthogonal(), rngs=rngs)
        self.act = act

    def __call__(self, x, h):
        return self.act(self.w(x) + self.u(h))


class QuestionEncoder(Encoder):
    def __init__(self, cfg: Config, rngs: nnx.Rngs):
        self.words = nnx.Embed(
            cfg.vocab, cfg.word_dim, embedding_init=nnx.initializers.normal(cfg.word_std), rngs=rngs)
        self.admit = Gate(cfg.word_dim, cfg.lstm_dim, jax.nn.sigmoid, rngs)
        self.forget = Gate(cfg.word_dim, cfg.lstm_dim, jax.nn.sigmoid, rngs)
        self.expose = Gate(cfg.word_dim, cfg.lstm_dim, jax.nn.sigmoid, rngs)
        self.propose = Gate(cfg.word_dim, cfg.lstm_dim, jnp.tanh, rngs)
        self.dim = cfg.lstm_dim

    def encode(self, inputs):
        embedded = self.words(inputs)
        hidden = jnp.zeros((inputs.shape[0], self.dim))
        memory = jnp.zeros((inputs.shape[0], self.dim))
        for word in jnp.unstack(embedded, axis=1):
            kept = self.forget(word, hidden) * memory
            added = self.admit(word, hidden) * self.propose(word, hidden)
            exposed = self.expose(word, hidden)
            memory = kept + added
            hidden = exposed * jnp.tanh(memory)
        return hidden


class ShapesQA(nnx.Module):
    """Answers a question on a small picture of shapes."""

    def __init__(self, cfg: Config = Config(), *, rngs: nnx.Rngs):
        self.picture = PictureEncoder(cfg, rngs)
        self.question = QuestionEncoder(cfg, rngs)
        self.fuse = nnx.Linear(self.picture.flat_dim + cfg.lstm_dim, cfg.fused_dim, rngs=rngs)
        self.answer = nnx.Linear(cfg.fused_dim, cfg.answers, rngs=rngs)

    def __call__(self, image: jax.Array, words: jax.Array) -> jax.Array:
        told = self.question(words)
        seen = self.picture(image)
        fused = self.fuse(jnp.concatenate((told, seen), axis=1))
        fused = jax.nn.relu(fused)
        return self.answer(fused)


def loss_fn(model: ShapesQA, batch: dict) -> jax.Array:
    logits = model(batch["image"], batch["words"])
    return optax.losses.softmax_cross_entropy_with_integer_labels(logits, batch["label"]).mean()


tx = optax.adamw(5e-4, weight_decay=0.01)


@nnx.jit
def train_step(model: ShapesQA, optimizer: nnx.Optimizer, batch: dict) -> jax.Array:
    loss, grads = nnx.value_and_grad(loss_fn)(model, batch)
    optimizer.update(model, grads)
    return loss
