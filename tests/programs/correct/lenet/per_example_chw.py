"""LeNet for one picture without channel axis, batched by vmap (parameters first, plain JAX)."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax


def he(key, shape, fan_in):
    return jax.random.normal(key, shape) * np.sqrt(2.0 / fan_in)


def init_params(key):
    keys = jax.random.split(key, 5)
    return [
        {"w": he(keys[0], (6, 1, 5, 5), 25), "b": jnp.zeros((6, 1, 1))},
        {"w": he(keys[1], (16, 6, 5, 5), 150), "b": jnp.zeros((16, 1, 1))},
        {"w": he(keys[2], (120, 400), 400), "b": jnp.zeros(120)},
        {"w": he(keys[3], (84, 120), 120), "b": jnp.zeros(84)},
        {"w": he(keys[4], (10, 84), 84), "b": jnp.zeros(10)},
    ]


def feature_map(layer, x, padding):
    """[channels, height, width] -> [channels', height', width']"""
    response = lax.conv(x[None], layer["w"], window_strides=(1, 1), padding=padding)[0] + layer["b"]
    response = jnp.maximum(response, 0.0)
    c, h, w = response.shape
    return response.reshape(c, h // 2, 2, w // 2, 2).mean(axis=(2, 4))


def predict_one(params, picture):
    """[28, 28] -> [10]"""
    conv1, conv2, full1, full2, out = params
    maps = feature_map(conv1, picture[None], "SAME")
    maps = feature_map(conv2, maps, "VALID")
    vector = maps.ravel()
    vector = jnp.maximum(full1["w"] @ vector + full1["b"], 0.0)
    vector = jnp.maximum(full2["w"] @ vector + full2["b"], 0.0)
    return out["w"] @ vector + out["b"]


predict = jax.vmap(predict_one, in_axes=(None, 0))


def loss(params, pictures, labels):
    logits = predict(params, pictures)

    def one(z, label):
        return jax.nn.logsumexp(z) - z[label]

    return jnp.mean(jax.vmap(one)(logits, labels))


tx = optax.adam(1e-3)


@jax.jit
def update(params, opt_state, pictures, labels):
    value, grads = jax.value_and_grad(loss)(params, pictures, labels)
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, value


def read_pictures():
    from sklearn.datasets import load_digits

    digits = load_digits()
    pictures = np.stack([np.pad(np.kron(small, np.ones((3, 3))), 2) for small in digits.images])
    return (pictures / 16).astype(np.float32), digits.target


def main():
    pictures, labels = read_pictures()
    rng = np.random.default_rng(9)
    order = rng.permutation(len(labels))
    train, test = order[:1500], order[1500:]
    params = init_params(jax.random.key(9))
    opt_state = tx.init(params)
    for epoch in range(2):
        for rows in np.array_split(rng.permutation(train), 30):
            params, opt_state, value = update(params, opt_state, pictures[rows], labels[rows])
        right = predict(params, pictures[test]).argmax(axis=1) == labels[test]
        print(f"epoch {epoch}: loss {value:.3f}, {right.sum()} of {len(test)} right")


if __name__ == "__main__":
    main()
