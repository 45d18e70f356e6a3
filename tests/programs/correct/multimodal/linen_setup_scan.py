"""Linen model in setup style with separate towers; the text tower scans its own LSTM cell over the words."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from flax.training.train_state import TrainState

he = nn.initializers.variance_scaling(2.0, "fan_in", "truncated_normal")
xavier = nn.initializers.xavier_uniform()


class WordCell(nn.Module):
    units: int

    def setup(self):
        self.x_in = nn.Dense(self.units, kernel_init=xavier)
        self.x_forget = nn.Dense(self.units, kernel_init=xavier)
        self.x_out = nn.Dense(self.units, kernel_init=xavier)
        self.x_new = nn.Dense(self.units, kernel_init=xavier)
        self.h_in = nn.Dense(self.units, kernel_init=xavier, use_bias=False)
        self.h_forget = nn.Dense(self.units, kernel_init=xavier, use_bias=False)
        self.h_out = nn.Dense(self.units, kernel_init=xavier, use_bias=False)
        self.h_new = nn.Dense(self.units, kernel_init=xavier, use_bias=False)

    def __call__(self, carry, x):
        h, c = carry
        i = nn.sigmoid(self.x_in(x) + self.h_in(h))
        f = nn.sigmoid(self.x_forget(x) + self.h_forget(h))
        o = nn.sigmoid(self.x_out(x) + self.h_out(h))
        n = nn.tanh(self.x_new(x) + self.h_new(h))
        c = f * c + i * n
        h = o * nn.tanh(c)
        return (h, c), h


class TextTower(nn.Module):
    vocab: int
    embed: int = 32
    units: int = 64

    def setup(self):
        self.embedding = nn.Embed(self.vocab, self.embed)
        scanned = nn.scan(WordCell, variable_broadcast="params", split_rngs={"params": False}, in_axes=1, out_axes=1)
        self.cell = scanned(self.units)

    def __call__(self, words):
        x = self.embedding(words)
        zeros = jnp.zeros((x.shape[0], self.units))
        _, states = self.cell((zeros, zeros), x)
        return states[:, -1]


class ImageTower(nn.Module):
    def setup(self):
        self.conv_a = nn.Conv(6, (5, 5), kernel_init=he)
        self.conv_b = nn.Conv(16, (5, 5), padding="VALID", kernel_init=he)

    def __call__(self, image):
        x = nn.relu(self.conv_a(image))
        x = nn.avg_pool(x, (2, 2), (2, 2))
        x = nn.relu(self.conv_b(x))
        x = nn.avg_pool(x, (2, 2), (2, 2))
        return jnp.reshape(x, (x.shape[0], 400))


class TwoTowers(nn.Module):
    vocab: int = 14
    answers: int = 5

    def setup(self):
        self.image_tower = ImageTower()
        self.text_tower = TextTower(self.vocab)
        self.mix = nn.Dense(128, kernel_init=he)
        self.answer = nn.Dense(self.answers, kernel_init=he)

    def __call__(self, image, words):
        together = jnp.concatenate([self.image_tower(image), self.text_tower(words)], axis=-1)
        return self.answer(nn.relu(self.mix(together)))


def create_state(key: Any, learning_rate: float = 3e-4) -> TrainState:
    model = TwoTowers()
    params = model.init(key, jnp.zeros((1, 28, 28, 1)), jnp.zeros((1, 4), jnp.int32))["params"]
    return TrainState.create(apply_fn=model.apply, params=params, tx=optax.adam(learning_rate))


@jax.jit
def train_step(state, batch):
    def loss_fn(params):
        logits = state.apply_fn({"params": params}, batch["image"], batch["words"])
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, batch["answer"])
        return jnp.mean(losses), logits

    (loss, logits), grads = jax.value_and_grad(loss_fn, has_aux=True)(state.params)
    state = state.apply_gradients(grads=grads)
    return state, {"loss": loss, "accuracy": jnp.mean(logits.argmax(-1) == batch["answer"])}


def batch_of(rng, n=32):
    """One lit row out of four bands; the first word asks for the band (answer 0-3), any other first word: answer 4."""
    band = rng.integers(0, 4, n)
    image = np.zeros((n, 28, 28, 1), np.float32)
    image[np.arange(n), 3 + 7 * band] = 1.0
    words = rng.integers(1, 14, (n, 4)).astype(np.int32)
    words[: n // 2, 0] = 1
    answer = np.where(words[:, 0] == 1, band, 4).astype(np.int32)
    return {"image": image, "words": words, "answer": answer}


def main():
    rng = np.random.default_rng(0)
    state = create_state(jax.random.key(0))
    for step in range(1500):
        state, metrics = train_step(state, batch_of(rng))
        if step % 100 == 0:
            print(step, {name: round(float(value), 3) for name, value in metrics.items()})


if __name__ == "__main__":
    main()
