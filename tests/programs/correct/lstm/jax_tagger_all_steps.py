"""Sequence labelling: an LSTM reads token ids and says at every step whether the brackets seen so far balance.

Output is one row of logits per step. Padded steps (id 0) do not count in the loss.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax

OPEN, CLOSE, LETTER = 1, 2, 3
VOCAB = 4
BALANCED, UNBALANCED = 0, 1


def glorot_uniform(key, shape):
    limit = np.sqrt(6.0 / sum(shape))
    return jax.random.uniform(key, shape, jnp.float32, -limit, limit)


def init_params(key, embed=8, hidden=64, classes=2):
    names = ["wi", "wf", "wg", "wo"]
    keys = iter(jax.random.split(key, 10))
    params = {"embed": 0.1 * jax.random.normal(next(keys), (VOCAB, embed))}
    for name in names:
        params[name] = glorot_uniform(next(keys), (embed, hidden))
        params[name.replace("w", "u")] = glorot_uniform(next(keys), (hidden, hidden))
        params[name.replace("w", "b")] = jnp.zeros(hidden)
    params["head"] = (glorot_uniform(next(keys), (hidden, classes)), jnp.zeros(classes))
    return params


def tag(params, tokens):
    """tokens: int[batch, time] -> logits: float[batch, time, classes]"""
    x = jnp.take(params["embed"], tokens, axis=0)
    batch, hidden = tokens.shape[0], params["bi"].shape[0]

    def cell(state, x_t):
        c, h = state
        i = jax.nn.sigmoid(x_t @ params["wi"] + h @ params["ui"] + params["bi"])
        f = jax.nn.sigmoid(x_t @ params["wf"] + h @ params["uf"] + params["bf"])
        g = jnp.tanh(x_t @ params["wg"] + h @ params["ug"] + params["bg"])
        o = jax.nn.sigmoid(x_t @ params["wo"] + h @ params["uo"] + params["bo"])
        c = f * c + i * g
        h = o * jnp.tanh(c)
        return (c, h), h

    state = (jnp.zeros((batch, hidden)), jnp.zeros((batch, hidden)))
    _, hs = jax.lax.scan(cell, state, jnp.moveaxis(x, 1, 0))
    hs = jnp.moveaxis(hs, 0, 1)
    w, b = params["head"]
    return hs @ w + b


def loss_fn(params, tokens, tags):
    logits = tag(params, tokens)
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, tags)
    mask = (tokens > 0).astype(losses.dtype)
    return jnp.sum(losses * mask) / jnp.sum(mask)


optimizer = optax.adam(2e-3)


@jax.jit
def update(params, opt_state, tokens, tags):
    loss, grads = jax.value_and_grad(loss_fn)(params, tokens, tags)
    updates, opt_state = optimizer.update(grads, opt_state)
    return optax.apply_updates(params, updates), opt_state, loss


def brackets(rng, n, max_len=18):
    lengths = rng.integers(6, max_len + 1, n)
    inside = np.arange(max_len) < lengths[:, None]
    tokens = rng.choice([OPEN, CLOSE, LETTER], (n, max_len), p=[0.3, 0.3, 0.4]) * inside
    depth = np.cumsum((tokens == OPEN).astype(int) - (tokens == CLOSE), axis=1)
    tags = np.where(depth == 0, BALANCED, UNBALANCED)
    return tokens.astype(np.int32), tags.astype(np.int32)


def token_accuracy(params, tokens, tags):
    guess = tag(params, tokens).argmax(-1)
    real = tokens > 0
    return float(((guess == tags) & real).sum() / real.sum())


def main():
    rng = np.random.default_rng(0)
    params = init_params(jax.random.key(0))
    opt_state = optimizer.init(params)
    test = brackets(rng, 500)
    for step in range(2000):
        params, opt_state, loss = update(params, opt_state, *brackets(rng, 64))
        if step % 200 == 0:
            print(step, float(loss), token_accuracy(params, *test))


if __name__ == "__main__":
    main()
