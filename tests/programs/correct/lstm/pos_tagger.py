"""Part-of-speech tagger: embedding -> LSTM (nn.scan over a hand-made cell) -> tag logits.

One tag per word.  Sentences are padded with id 0, and padded positions do not count.
"""
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

Array = Any
PAD_ID = 0


class Cell(nn.Module):
    """i, f, g, o computed by one Dense on [word, hidden]."""

    units: int

    @nn.compact
    def __call__(self, carry, word):
        c, h = carry
        stacked = nn.Dense(4 * self.units, name="gates")(jnp.concatenate([word, h], -1))
        i, f, g, o = (stacked[..., n * self.units : (n + 1) * self.units] for n in range(4))
        kept = nn.sigmoid(f + 1.0) * c
        added = nn.sigmoid(i) * nn.tanh(g)
        c = kept + added
        h = nn.sigmoid(o) * nn.tanh(c)
        return (c, h), h


class Tagger(nn.Module):
    vocab_size: int = 500
    num_tags: int = 7
    width: int = 24
    units: int = 36

    @nn.compact
    def __call__(self, sentences: Array) -> Array:
        vectors = nn.Embed(self.vocab_size, self.width, name="words")(sentences)
        scanned = nn.scan(
            Cell,
            variable_broadcast="params",
            split_rngs={"params": False},
            in_axes=1,
            out_axes=1,
        )(self.units, name="lstm")
        blank = jnp.zeros((sentences.shape[0], self.units))
        _, hidden = scanned((blank, blank), vectors)
        return nn.Dense(self.num_tags, name="tags")(hidden)


model = Tagger()
tx = optax.chain(optax.clip_by_global_norm(5.0), optax.adam(5e-3))


def loss_fn(params: dict, sentences: Array, tags: Array) -> Array:
    logits = model.apply({"params": params}, sentences)
    logp = jax.nn.log_softmax(logits)
    picked = jnp.take_along_axis(logp, tags[..., None], axis=-1)[..., 0]
    real = (sentences != PAD_ID).astype(logp.dtype)
    return -jnp.sum(picked * real) / jnp.maximum(real.sum(), 1.0)


@jax.jit
def train_step(params, opt_state, sentences, tags):
    loss, grads = jax.value_and_grad(loss_fn)(params, sentences, tags)
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss


def main():
    key = jax.random.PRNGKey(0)
    sentences = jax.random.randint(key, (16, 12), 0, 500)
    tags = sentences % 7
    params = model.init(key, sentences)["params"]
    opt_state = tx.init(params)
    for i in range(60):
        params, opt_state, loss = train_step(params, opt_state, sentences, tags)
        if i % 10 == 0:
            print(i, loss)


if __name__ == "__main__":
    main()
