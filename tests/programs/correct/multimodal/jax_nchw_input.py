"""Channels-first pictures [batch, 1, 28, 28] and questions; words come first in the joint vector.

Bigger question branch than usual: 64-dimensional words, 128 hidden units.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax


def init_params(key, vocab_size=14, embed_dim=64, hidden=128, num_classes=5):
    init_he = jax.nn.initializers.he_normal(in_axis=1, out_axis=0)
    init_glorot = jax.nn.initializers.glorot_uniform()
    keys = jax.random.split(key, 13)

    def gate(k_x, k_h):
        return dict(x=init_glorot(k_x, (embed_dim, hidden)), h=init_glorot(k_h, (hidden, hidden)), b=jnp.zeros(hidden))

    return dict(
        conv1=dict(w=init_he(keys[0], (6, 1, 5, 5)), b=jnp.zeros((6, 1, 1))),
        conv2=dict(w=init_he(keys[1], (16, 6, 5, 5)), b=jnp.zeros((16, 1, 1))),
        embed=jax.random.normal(keys[2], (vocab_size, embed_dim)) / np.sqrt(embed_dim),
        input_gate=gate(keys[3], keys[4]),
        forget_gate=gate(keys[5], keys[6]),
        output_gate=gate(keys[7], keys[8]),
        candidate=gate(keys[9], keys[10]),
        joint=dict(w=init_he(keys[11], (128, hidden + 400)), b=jnp.zeros(128)),
        answer=dict(w=init_he(keys[12], (num_classes, 128)), b=jnp.zeros(num_classes)),
    )


def see(params, image):
    x = image
    for name, padding in (("conv1", "SAME"), ("conv2", "VALID")):
        x = jax.lax.conv(x, params[name]["w"], (1, 1), padding) + params[name]["b"]
        x = jax.nn.relu(x)
        x = jax.lax.reduce_window(x, 0.0, jax.lax.add, (1, 1, 2, 2), (1, 1, 2, 2), "VALID") / 4
    return x.reshape(x.shape[0], -1)


def listen(params, question):
    x = params["embed"][question]

    def pre(gate, x_t, h):
        return x_t @ gate["x"] + h @ gate["h"] + gate["b"]

    def step(carry, x_t):
        h, c = carry
        i = jax.nn.sigmoid(pre(params["input_gate"], x_t, h))
        f = jax.nn.sigmoid(pre(params["forget_gate"], x_t, h))
        o = jax.nn.sigmoid(pre(params["output_gate"], x_t, h))
        g = jnp.tanh(pre(params["candidate"], x_t, h))
        c = f * c + i * g
        h = o * jnp.tanh(c)
        return (h, c), None

    hidden = params["input_gate"]["b"].shape[0]
    start = jnp.zeros((x.shape[0], hidden)), jnp.zeros((x.shape[0], hidden))
    (h, c), _ = jax.lax.scan(step, start, x.swapaxes(0, 1))
    return h


def forward(params, image, question):
    joint = jnp.concatenate([listen(params, question), see(params, image)], axis=1)
    joint = jax.nn.relu(joint @ params["joint"]["w"].T + params["joint"]["b"])
    return joint @ params["answer"]["w"].T + params["answer"]["b"]


def cross_entropy_loss(params, image, question, label):
    log_probs = jax.nn.log_softmax(forward(params, image, question), axis=1)
    return -log_probs[jnp.arange(label.shape[0]), label].mean()


optimizer = optax.adam(3e-4)


@jax.jit
def train_step(params, opt_state, image, question, label):
    loss, grads = jax.value_and_grad(cross_entropy_loss)(params, image, question, label)
    updates, opt_state = optimizer.update(grads, opt_state)
    return optax.apply_updates(params, updates), opt_state, loss


def get_batch(rng, n=32):
    """One of three letters (T, L, I); "which" (token 1) answers 2-4, "is it a T" (token 2) answers 0-1."""
    kind = rng.integers(0, 3, n)
    image = np.zeros((n, 1, 28, 28), np.float32)
    for k, letter in enumerate(kind):
        r, c = rng.integers(2, 10, 2)
        image[k, 0, r : r + 16, c + 7] = 1
        if letter == 0:
            image[k, 0, r, c : c + 15] = 1
        elif letter == 1:
            image[k, 0, r + 15, c + 7 : c + 15] = 1
    which = rng.integers(0, 2, n)
    question = np.where(np.arange(5) == 0, np.where(which, 1, 2)[:, None], rng.integers(3, 14, (n, 5)))
    label = np.where(which, kind + 2, kind == 0)
    return image, question.astype(np.int32), label.astype(np.int32)


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    params = init_params(jax.random.key(0))
    opt_state = optimizer.init(params)
    for step in range(1500):
        params, opt_state, loss = train_step(params, opt_state, *get_batch(rng))
        if step % 100 == 0:
            image, question, label = get_batch(rng, 300)
            print(step, float(loss), float((forward(params, image, question).argmax(1) == label).mean()))
