"""Pictures and questions in plain JAX; a classification report of the test set."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax, random

tx = optax.adam(3e-4)


def dense(key, n, m):
    return {"w": random.normal(key, (n, m)) * jnp.sqrt(2 / n), "b": jnp.zeros(m)}


def init_params(key):
    k = random.split(key, 7)
    return {
        "conv1": {"w": random.normal(k[0], (5, 5, 1, 6)) * 0.28, "b": jnp.zeros(6)},
        "conv2": {"w": random.normal(k[1], (5, 5, 6, 16)) * 0.11, "b": jnp.zeros(16)},
        "embed": random.normal(k[2], (30, 32)) * 0.1,
        "lstm": {"wx": random.normal(k[3], (32, 256)) * 0.17, "wh": random.normal(k[4], (64, 256)) * 0.12, "b": jnp.zeros(256)},
        "fc": dense(k[5], 464, 128),
        "out": dense(k[6], 128, 10),
    }


def conv(p, x, padding):
    return lax.conv_general_dilated(x, p["w"], (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC")) + p["b"]


def pool(x):
    return lax.reduce_window(x, 0.0, lax.add, (1, 2, 2, 1), (1, 2, 2, 1), "VALID") / 4


def apply(params, image, words):
    v = pool(jax.nn.relu(conv(params["conv1"], image, "SAME")))
    v = pool(jax.nn.relu(conv(params["conv2"], v, "VALID")))
    v = v.reshape(v.shape[0], -1)
    p = params["lstm"]

    def step(carry, x):
        c, h = carry
        i, f, g, o = jnp.split(x @ p["wx"] + h @ p["wh"] + p["b"], 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (c, h), None

    zeros = jnp.zeros((words.shape[0], 64))
    (_, q), _ = lax.scan(step, (zeros, zeros), params["embed"][words].swapaxes(0, 1))
    both = jnp.concatenate([v, q], axis=1)
    hidden = jax.nn.relu(both @ params["fc"]["w"] + params["fc"]["b"])
    return hidden @ params["out"]["w"] + params["out"]["b"]


def loss_fn(params, image, words, labels):
    return optax.softmax_cross_entropy_with_integer_labels(apply(params, image, words), labels).mean()


@jax.jit
def update(params, opt_state, image, words, labels):
    loss, grads = jax.value_and_grad(loss_fn)(params, image, words, labels)
    updates, opt_state = tx.update(grads, opt_state)
    return optax.apply_updates(params, updates), opt_state, loss


def accuracy(params, image, words, labels):
    guess = jnp.argmax(apply(params, image, words), axis=1)
    return jnp.mean(guess == labels)


def make(n, seed):
    rng = np.random.default_rng(seed)
    words = rng.integers(1, 30, (n, 8)).astype(np.int32)
    return rng.random((n, 28, 28, 1), np.float32), words, words[:, 0] % 10


def main():
    train, test = make(2000, 0), make(300, 1)
    params = init_params(random.key(0))
    opt_state = tx.init(params)
    for epoch in range(3):
        for rows in np.array_split(np.random.default_rng(epoch).permutation(2000), 63):
            params, opt_state, loss = update(params, opt_state, *(part[rows] for part in train))
        print(f"{epoch}: loss {loss:.3f}, test accuracy {accuracy(params, *test):.3f}")


if __name__ == "__main__":
    main()
