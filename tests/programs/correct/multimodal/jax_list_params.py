"""Image and question classifier in the manner of the JAX tutorial: lists of (w, b) and a plain `predict`."""

import time

import jax
import jax.numpy as jnp
import numpy as np
from jax import grad, jit, lax, random
from jax.nn import sigmoid
from jax.scipy.special import logsumexp

learning_rate = 0.02
momentum = 0.9
num_epochs = 10
batch_size = 32


def random_layer_params(key, shape, fan_in):
    return random.normal(key, shape) * jnp.sqrt(2.0 / fan_in), jnp.zeros(shape[-1])


def random_gate_params(key, n_in, n_units):
    w_key, u_key = random.split(key)
    w_lim, u_lim = jnp.sqrt(6.0 / (n_in + n_units)), jnp.sqrt(6.0 / (2 * n_units))
    w = random.uniform(w_key, (n_in, n_units), minval=-w_lim, maxval=w_lim)
    u = random.uniform(u_key, (n_units, n_units), minval=-u_lim, maxval=u_lim)
    return w, u, jnp.zeros(n_units)


def init_network_params(key, vocab=14, embed=32, units=64, classes=5):
    keys = random.split(key, 9)
    conv1 = random_layer_params(keys[0], (5, 5, 1, 6), 25)
    conv2 = random_layer_params(keys[1], (5, 5, 6, 16), 150)
    table = random.normal(keys[2], (vocab, embed)) / jnp.sqrt(embed)
    gates = [random_gate_params(k, embed, units) for k in keys[3:7]]
    dense = random_layer_params(keys[7], (400 + units, 128), 400 + units)
    final = random_layer_params(keys[8], (128, classes), 128)
    return [conv1, conv2, table, gates, dense, final]


def conv_layer(layer, x, padding):
    w, b = layer
    out = lax.conv(x.transpose(0, 3, 1, 2), w.transpose(3, 2, 0, 1), (1, 1), padding)
    return jnp.maximum(out.transpose(0, 2, 3, 1) + b, 0)


def average(x):
    return lax.reduce_window(x / 4, 0.0, lax.add, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def last_state(gates, x):
    def step(carry, x_t):
        h, c = carry
        i, f, o, g = [x_t @ w + h @ u + b for w, u, b in gates]
        c = sigmoid(f) * c + sigmoid(i) * jnp.tanh(g)
        h = sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    units = gates[0][2].shape[0]
    init = (jnp.zeros((x.shape[0], units)), jnp.zeros((x.shape[0], units)))
    _, hs = lax.scan(step, init, x.swapaxes(0, 1))
    return hs[-1]


def predict(params, image, question):
    conv1, conv2, table, gates, dense, final = params
    x = average(conv_layer(conv1, image, "SAME"))
    x = average(conv_layer(conv2, x, "VALID"))
    x = x.reshape(-1, 400)
    q = last_state(gates, table[question])
    activations = jnp.concatenate([x, q], axis=1)
    activations = jnp.maximum(activations @ dense[0] + dense[1], 0)
    logits = activations @ final[0] + final[1]
    return logits - logsumexp(logits, axis=1, keepdims=True)


def loss(params, image, question, targets):
    preds = predict(params, image, question)
    return -jnp.mean(jnp.sum(preds * targets, axis=1))


@jit
def update(params, velocity, image, question, targets):
    grads = grad(loss)(params, image, question, targets)
    velocity = jax.tree.map(lambda v, g: momentum * v - learning_rate * g, velocity, grads)
    return jax.tree.map(jnp.add, params, velocity), velocity


def accuracy(params, image, question, targets):
    target_class = jnp.argmax(targets, axis=1)
    predicted_class = jnp.argmax(predict(params, image, question), axis=1)
    return jnp.mean(predicted_class == target_class)


def one_hot(x, k, dtype=np.float32):
    return np.array(x[:, None] == np.arange(k), dtype)


def load(n, seed):
    """Number of dots (1-3, answers 2-4), or (words 1 2) whether there are more than one (answers 0, 1)."""
    rng = np.random.default_rng(seed)
    dots = rng.integers(1, 4, n)
    image = np.zeros((n, 28, 28, 1), np.float32)
    for k, count in enumerate(dots):
        for place in rng.permutation(9)[:count]:
            row, col = 2 + 9 * (place // 3), 2 + 9 * (place % 3)
            image[k, row : row + 5, col : col + 5] = 1
    question = rng.integers(3, 14, (n, 4))
    more = rng.random(n) < 0.5
    question[more, :2] = (1, 2)
    return image, question.astype(np.int32), one_hot(np.where(more, dots > 1, dots + 1), 5)


def main():
    train, test = load(4000, 0), load(500, 1)
    params = init_network_params(random.PRNGKey(0))
    velocity = jax.tree.map(jnp.zeros_like, params)
    order = np.random.RandomState(0)
    for epoch in range(num_epochs):
        start = time.time()
        for rows in order.permutation(4000).reshape(-1, batch_size):
            params, velocity = update(params, velocity, *(part[rows] for part in train))
        print(f"Epoch {epoch} in {time.time() - start:0.2f} sec, test accuracy {accuracy(params, *test):.3f}")


if __name__ == "__main__":
    main()
