"""LeNet on channels-first pictures, with patches gathered by slicing and channels-last matrix products inside."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

SIZES = [("conv1", 25, 6), ("conv2", 150, 16), ("fc1", 400, 120), ("fc2", 120, 84), ("fc3", 84, 10)]


def init_network_params(key):
    """Every layer is one matrix and a bias, the convolutions too."""
    params = {}
    for name, rows, columns in SIZES:
        key, sub = jax.random.split(key)
        params[name] = (jnp.sqrt(2 / rows) * jax.random.normal(sub, (rows, columns)), jnp.zeros(columns))
    return params


def gather(x, size=5):
    """(batch, channels, h, w) -> (batch, h', w', channels * size * size)"""
    b, c, h, w = x.shape
    out_h, out_w = h - size + 1, w - size + 1
    shifted = [x[:, :, i : i + out_h, j : j + out_w] for i in range(size) for j in range(size)]
    patches = jnp.stack(shifted, axis=2)  # batch, channels, 25, h', w'
    patches = patches.transpose(0, 3, 4, 1, 2)
    return patches.reshape(b, out_h, out_w, c * size * size)


def conv(x, layer, pad=0):
    w, b = layer
    x = jnp.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    y = gather(x) @ w + b
    return jnp.moveaxis(y, -1, 1)


def pool(x):
    b, c, h, w = x.shape
    return x.reshape(b, c, h // 2, 2, w // 2, 2).mean((3, 5))


def predict(params, x):
    x = pool(jax.nn.relu(conv(x, params["conv1"], pad=2)))
    x = pool(jax.nn.relu(conv(x, params["conv2"])))
    x = jnp.transpose(x, (0, 2, 3, 1))
    x = x.reshape(x.shape[0], -1)
    for name in ("fc1", "fc2"):
        w, b = params[name]
        x = jax.nn.relu(x @ w + b)
    w, b = params["fc3"]
    return x @ w + b


def loss(params, batch):
    images, labels = batch
    logits = predict(params, images)
    return jnp.mean(jax.nn.logsumexp(logits, axis=-1) - jnp.sum(logits * jax.nn.one_hot(labels, 10), axis=-1))


tx = optax.adam(1e-3)


@jax.jit
def step(params, opt_state, batch):
    value, grads = jax.value_and_grad(loss)(params, batch)
    updates, opt_state = tx.update(grads, opt_state)
    return optax.apply_updates(params, updates), opt_state, value


def main():
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.pad(np.kron(digits.images / 16, np.ones((3, 3))), ((0, 0), (2, 2), (2, 2)))[:, None].astype(np.float32)
    rng = np.random.default_rng(0)
    order = rng.permutation(len(images))
    params = init_network_params(jax.random.key(0))
    opt_state = tx.init(params)
    for epoch in range(2):
        for rows in np.array_split(rng.permutation(order[:1500]), 30):
            params, opt_state, value = step(params, opt_state, (images[rows], digits.target[rows]))
        test = order[1500:]
        print(epoch, float(value), float((predict(params, images[test]).argmax(1) == digits.target[test]).mean()))


if __name__ == "__main__":
    main()
