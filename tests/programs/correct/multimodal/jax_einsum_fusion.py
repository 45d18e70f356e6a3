"""Functional style: every part is `part(params, x)`; the LSTM keeps a gate axis and runs under fori_loop."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.nn import initializers, log_softmax, relu, sigmoid

SIZES = dict(vocab=14, embed=32, hidden=64, fused=128, classes=5)


def init_params(key, sizes=SIZES):
    k = iter(jax.random.split(key, 8))
    he, glorot = initializers.he_normal(), initializers.glorot_uniform(in_axis=-2, out_axis=-1, batch_axis=0)
    h, e = sizes["hidden"], sizes["embed"]
    return {
        "image": [
            {"kernel": he(next(k), (5, 5, 1, 6)), "bias": jnp.zeros((6,))},
            {"kernel": he(next(k), (5, 5, 6, 16)), "bias": jnp.zeros((16,))},
        ],
        "words": {
            "table": initializers.normal(e**-0.5)(next(k), (sizes["vocab"], e)),
            "input": glorot(next(k), (4, e, h)),
            "state": glorot(next(k), (4, h, h)),
            "bias": jnp.zeros((4, h)),
        },
        "head": [
            {"kernel": he(next(k), (400 + h, sizes["fused"])), "bias": jnp.zeros((sizes["fused"],))},
            {"kernel": he(next(k), (sizes["fused"], sizes["classes"])), "bias": jnp.zeros((sizes["classes"],))},
        ],
    }


def image_vector(layers, x):
    for layer, padding in zip(layers, ("SAME", "VALID")):
        x = jax.lax.conv_general_dilated(
            x, layer["kernel"], window_strides=(1, 1), padding=padding, dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        x = relu(x + layer["bias"])
        x = (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4
    return x.reshape(x.shape[0], -1)


def words_vector(p, ids):
    x = jnp.take(p["table"], ids, axis=0)
    from_words = jnp.einsum("bte,geh->tbgh", x, p["input"]) + p["bias"]

    def read(t, carry):
        c, h = carry
        z = from_words[t] + jnp.einsum("bk,gkh->bgh", h, p["state"])
        i, f, o = sigmoid(z[:, 0]), sigmoid(z[:, 1]), sigmoid(z[:, 2])
        c = f * c + i * jnp.tanh(z[:, 3])
        return c, o * jnp.tanh(c)

    start = jnp.zeros((ids.shape[0], p["state"].shape[-1]))
    c, h = jax.lax.fori_loop(0, ids.shape[1], read, (start, start))
    return h


def predict(params, image, ids):
    both = [image_vector(params["image"], image), words_vector(params["words"], ids)]
    x = jnp.concatenate(both, axis=-1)
    hidden, out = params["head"]
    x = relu(jnp.einsum("bi,io->bo", x, hidden["kernel"]) + hidden["bias"])
    return jnp.einsum("bi,io->bo", x, out["kernel"]) + out["bias"]


def loss_fn(params, batch):
    logits = predict(params, batch["image"], batch["question"])
    log_p = log_softmax(logits)
    nll = -jnp.take_along_axis(log_p, batch["label"][:, None], axis=-1)[:, 0]
    return nll.mean(), jnp.mean(logits.argmax(-1) == batch["label"])


def make_train_step(tx):
    @functools.partial(jax.jit, donate_argnums=(0, 1))
    def train_step(params, opt_state, batch):
        (loss, accuracy), grads = jax.value_and_grad(loss_fn, has_aux=True)(params, batch)
        updates, opt_state = tx.update(grads, opt_state, params)
        return optax.apply_updates(params, updates), opt_state, loss, accuracy

    return train_step


def checker_batch(rng, n=32):
    """Stripes: horizontal or vertical, fine or coarse; 'yes' (1) if they are what the two words ask for."""
    across, coarse = rng.integers(0, 2, n), rng.integers(0, 2, n)
    y, x = np.mgrid[:28, :28]
    line = np.where(across[:, None, None], y, x)
    image = (line // np.where(coarse, 4, 2)[:, None, None]) % 2
    asked = rng.integers(0, 4, n)
    question = np.stack([rng.integers(5, 14, n), 1 + asked, rng.integers(5, 14, n)], 1)
    label = np.where(asked < 2, across == asked, coarse == asked - 2)
    return {"image": image[..., None].astype(np.float32), "question": question, "label": label.astype(np.int32)}


def main():
    rng = np.random.default_rng(0)
    params = init_params(jax.random.PRNGKey(0))
    tx = optax.adam(3e-4)
    opt_state, train_step = tx.init(params), make_train_step(tx)
    for step in range(1000):
        params, opt_state, loss, accuracy = train_step(params, opt_state, checker_batch(rng))
        if step % 50 == 0:
            print(f"step {step:4d} loss {loss:.3f} accuracy {accuracy:.2f}")


if __name__ == "__main__":
    main()
