"""Variable-length sequences in plain JAX: the state stands still once a sequence has ended.

Ids are looked up in an embedding table; the padding id is 0. Labels are the class of the sequence.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax

rng = np.random.default_rng(5)

VOCAB, EMBED, HIDDEN, CLASSES, MAX_T = 30, 16, 48, 4, 15

# every token belongs to a class; a sequence's class is the one of its last token but one
TOKEN_CLASS = rng.integers(0, CLASSES, VOCAB)


def dataset(n):
    lengths = rng.integers(3, MAX_T + 1, n)
    ids = np.zeros((n, MAX_T), dtype=np.int32)
    for row, length in zip(ids, lengths):
        row[:length] = rng.integers(1, VOCAB, length)
    labels = TOKEN_CLASS[ids[np.arange(n), lengths - 2]]
    return ids, lengths.astype(np.int32), labels.astype(np.int32)


def init(key):
    k = jax.random.split(key, 4)
    scale = 1 / np.sqrt(HIDDEN)

    def uniform(key, shape):
        return jax.random.uniform(key, shape, minval=-scale, maxval=scale)

    return {
        "table": jax.random.normal(k[0], (VOCAB, EMBED)),
        "lstm": {
            "wx": uniform(k[1], (EMBED, 4 * HIDDEN)),
            "wh": uniform(k[2], (HIDDEN, 4 * HIDDEN)),
            "b": jnp.zeros(4 * HIDDEN),
        },
        "dense": {"w": uniform(k[3], (HIDDEN, CLASSES)), "b": jnp.zeros(CLASSES)},
    }


def apply(params, ids, lengths):
    p = params["lstm"]
    x = params["table"][ids]  # B T E
    mask = jnp.arange(ids.shape[1])[None, :] < lengths[:, None]  # B T

    def step(carry, inputs):
        h, c = carry
        x_t, m_t = inputs
        z = x_t @ p["wx"] + h @ p["wh"] + p["b"]
        i, f, o, g = jnp.split(z, 4, -1)
        c_new = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h_new = jax.nn.sigmoid(o) * jnp.tanh(c_new)
        m_t = m_t[:, None]
        h = jnp.where(m_t, h_new, h)
        c = jnp.where(m_t, c_new, c)
        return (h, c), None

    zeros = jnp.zeros((ids.shape[0], HIDDEN))
    (h, _), _ = jax.lax.scan(step, (zeros, zeros), (x.swapaxes(0, 1), mask.T))
    return h @ params["dense"]["w"] + params["dense"]["b"]


def loss_fn(params, ids, lengths, labels):
    logits = apply(params, ids, lengths)
    log_z = jax.scipy.special.logsumexp(logits, axis=1)
    right = logits[jnp.arange(len(labels)), labels]
    return jnp.mean(log_z - right)


tx = optax.adam(1e-3)


@jax.jit
def train_step(params, opt_state, ids, lengths, labels):
    loss, grads = jax.value_and_grad(loss_fn)(params, ids, lengths, labels)
    updates, opt_state = tx.update(grads, opt_state)
    return optax.apply_updates(params, updates), opt_state, loss


def main():
    ids, lengths, labels = dataset(8000)
    test = dataset(1000)
    params = init(jax.random.PRNGKey(0))
    opt_state = tx.init(params)
    for epoch in range(15):
        order = rng.permutation(len(ids))
        for b in np.array_split(order, 125):
            params, opt_state, loss = train_step(params, opt_state, ids[b], lengths[b], labels[b])
        guess = apply(params, test[0], test[1]).argmax(1)
        print(f"{epoch:2d}  loss {loss:.3f}  accuracy {np.mean(guess == test[2]):.3f}")


if __name__ == "__main__":
    main()
