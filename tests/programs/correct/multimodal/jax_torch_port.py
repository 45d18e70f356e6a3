"""JAX port of a PyTorch question-answering net; all weights keep torch's shapes.

Convolutions are OIHW on NCHW pictures, linear layers (out, in), the LSTM has weight_ih, weight_hh and two biases.
Pictures still arrive as [batch, height, width, channel] from the loader and are turned around first.
"""
import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax


def kaiming(key, shape):
    fan_in = math.prod(shape[1:])
    return jax.random.normal(key, shape) * math.sqrt(2 / fan_in)


def xavier(key, out_features, in_features):
    bound = math.sqrt(6 / (in_features + out_features))
    return jax.random.uniform(key, (out_features, in_features), minval=-bound, maxval=bound)


def init_params(key, vocab_size=14, embedding_dim=32, hidden_size=64, num_classes=5):
    keys = jax.random.split(key, 13)
    return {
        "conv1.weight": kaiming(keys[0], (6, 1, 5, 5)),
        "conv1.bias": jnp.zeros(6),
        "conv2.weight": kaiming(keys[1], (16, 6, 5, 5)),
        "conv2.bias": jnp.zeros(16),
        "embedding.weight": jax.random.normal(keys[2], (vocab_size, embedding_dim)) / math.sqrt(embedding_dim),
        "lstm.weight_ih_l0": jnp.concatenate([xavier(k, hidden_size, embedding_dim) for k in keys[3:7]]),
        "lstm.weight_hh_l0": jnp.concatenate([xavier(k, hidden_size, hidden_size) for k in keys[7:11]]),
        "lstm.bias_ih_l0": jnp.zeros(4 * hidden_size),
        "lstm.bias_hh_l0": jnp.zeros(4 * hidden_size),
        "fc1.weight": kaiming(keys[11], (128, 400 + hidden_size)),
        "fc1.bias": jnp.zeros(128),
        "fc2.weight": kaiming(keys[12], (num_classes, 128)),
        "fc2.bias": jnp.zeros(num_classes),
    }


def conv2d(params, name, x, padding):
    y = lax.conv_general_dilated(x, params[name + ".weight"], (1, 1), [(padding, padding)] * 2)
    return y + params[name + ".bias"][:, None, None]


def linear(params, name, x):
    return x @ params[name + ".weight"].T + params[name + ".bias"]


def avg_pool2d(x):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2).mean((3, 5))


def lstm(params, x):
    """x: [batch, time, embedding]; returns the hidden state after the last word"""
    w_ih, w_hh = params["lstm.weight_ih_l0"], params["lstm.weight_hh_l0"]
    b_ih, b_hh = params["lstm.bias_ih_l0"], params["lstm.bias_hh_l0"]
    h = jnp.zeros((x.shape[0], w_hh.shape[1]))
    c = jnp.zeros((x.shape[0], w_hh.shape[1]))
    for x_t in x.transpose(1, 0, 2):
        i, f, g, o = jnp.split(x_t @ w_ih.T + b_ih + h @ w_hh.T + b_hh, 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
    return h


def apply(params, image, question):
    x = jnp.transpose(image, (0, 3, 1, 2))
    x = avg_pool2d(jax.nn.relu(conv2d(params, "conv1", x, 2)))
    x = avg_pool2d(jax.nn.relu(conv2d(params, "conv2", x, 0)))
    x = x.reshape(x.shape[0], -1)
    q = lstm(params, params["embedding.weight"][question])
    z = jax.nn.relu(linear(params, "fc1", jnp.concatenate([x, q], axis=1)))
    return linear(params, "fc2", z)


def criterion(logits, labels):
    """torch.nn.CrossEntropyLoss"""
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


optimizer = optax.adam(3e-4)


@jax.jit
def train_step(params, opt_state, batch):
    def closure(params):
        return criterion(apply(params, batch["image"], batch["question"]), batch["label"])

    loss, grads = jax.value_and_grad(closure)(params)
    updates, opt_state = optimizer.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss


class Loader:
    """Digit-like strokes: how many vertical bars (0..4)? The question's first word says which half to look at."""

    def __init__(self, batches, batch_size=32, seed=0):
        self.batches, self.batch_size, self.rng = batches, batch_size, np.random.default_rng(seed)

    def __iter__(self):
        for _ in range(self.batches):
            counts = self.rng.integers(0, 5, (self.batch_size, 2))
            image = np.zeros((self.batch_size, 28, 28, 1), np.float32)
            for n, (upper, lower) in enumerate(counts):
                image[n, 3:11, 3 : 3 + 5 * upper : 5] = 1
                image[n, 17:25, 3 : 3 + 5 * lower : 5] = 1
            question = self.rng.integers(3, 14, (self.batch_size, 4)).astype(np.int32)
            half = self.rng.integers(0, 2, self.batch_size)
            question[:, 0] = half + 1
            label = np.take_along_axis(counts, half[:, None], 1)[:, 0].astype(np.int32)
            yield {"image": image, "question": question, "label": label}


def main():
    params = init_params(jax.random.PRNGKey(0))
    opt_state = optimizer.init(params)
    for step, batch in enumerate(Loader(2000)):
        params, opt_state, loss = train_step(params, opt_state, batch)
        if step % 100 == 0:
            print(f"{step:5d} {loss:.4f}")


if __name__ == "__main__":
    main()
