# which language is this surname from?  (rewrite of the char-rnn classification tutorial, pure jax)
# params are just nested lists:  [emb, [wx, wh, b], [w, b]]
import sys
import jax, jax.numpy as jnp
import jax.nn as jnn
import jax.random as jr
import optax

n_letters, n_emb, n_hidden, n_categories = 27, 32, 128, 5


def init_params(key):
    k1, k2, k3, k4 = jr.split(key, 4)
    emb = jr.normal(k1, (n_letters, n_emb)) * 0.1
    wx = jr.normal(k2, (n_emb, 4 * n_hidden)) * (n_emb ** -0.5)
    wh = jr.normal(k3, (n_hidden, 4 * n_hidden)) * (n_hidden ** -0.5)
    w = jr.normal(k4, (n_hidden, n_categories)) * (n_hidden ** -0.5)
    return [emb, [wx, wh, jnp.zeros(4 * n_hidden)], [w, jnp.zeros(n_categories)]]


def lstm(layer, e):
    # e is (time, batch, emb)
    wx, wh, b = layer
    nt, nb, _ = e.shape
    xw = e @ wx + b        # all input projections at once

    def body(t, hc):
        h, c = hc
        a = xw[t] + h @ wh
        ig = jnn.sigmoid(a[:, :n_hidden])
        cand = jnp.tanh(a[:, n_hidden:2 * n_hidden])
        fg = jnn.sigmoid(a[:, 2 * n_hidden:3 * n_hidden])
        og = jnn.sigmoid(a[:, 3 * n_hidden:])
        c = fg * c + ig * cand
        return og * jnp.tanh(c), c

    h, c = jax.lax.fori_loop(0, nt, body, (jnp.zeros((nb, n_hidden)), jnp.zeros((nb, n_hidden))))
    return h


def forward(params, ids):
    emb, layer, (w, b) = params
    e = emb[ids]                          # (batch, time, emb)
    e = jnp.transpose(e, (1, 0, 2))       # time first
    h = lstm(layer, e)
    return h @ w + b


def loss_fn(params, ids, labels):
    scores = forward(params, ids)
    logp = jnn.log_softmax(scores)
    picked = jnp.take_along_axis(logp, labels.reshape(-1, 1), axis=1)
    return -picked.mean()


opt = optax.adam(1e-3)


@jax.jit
def update(params, opt_state, ids, labels):
    l, g = jax.value_and_grad(loss_fn)(params, ids, labels)
    upd, opt_state = opt.update(g, opt_state)
    return optax.apply_updates(params, upd), opt_state, l


def accuracy(logits, labels):
    return (logits.argmax(1) == labels).mean()


def fake_names(key, n, t=12):
    ids = jr.randint(key, (n, t), 0, n_letters)
    return ids, ids[:, -1] % n_categories


if __name__ == "__main__":
    iters = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    params = init_params(jr.PRNGKey(0))
    s = opt.init(params)
    for it in range(iters):
        ids, labels = fake_names(jr.PRNGKey(it), 64)
        params, s, l = update(params, s, ids, labels)
        if it % 50 == 0: print(it, l, accuracy(forward(params, ids), labels))
