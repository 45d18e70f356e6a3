"""LeNet that names its outputs: {"logits": ..., "probabilities": ...}, with a batch as a dictionary, too."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax


def he_normal(key, shape):
    fan_in = np.prod(shape[:-1])
    return jax.random.truncated_normal(key, -2, 2, shape) * np.sqrt(2 / fan_in) / 0.87962566103423978


def init(key):
    k = jax.random.split(key, 5)
    return {
        "conv": [
            {"kernel": he_normal(k[0], (5, 5, 1, 6)), "bias": jnp.zeros(6)},
            {"kernel": he_normal(k[1], (5, 5, 6, 16)), "bias": jnp.zeros(16)},
        ],
        "dense": [
            {"kernel": he_normal(k[2], (5, 5, 16, 120)), "bias": jnp.zeros(120)},
            {"kernel": he_normal(k[3], (120, 84)), "bias": jnp.zeros(84)},
            {"kernel": he_normal(k[4], (84, 10)), "bias": jnp.zeros(10)},
        ],
    }


def convolve(layer, x, padding):
    numbers = ("NHWC", "HWIO", "NHWC")
    return jax.lax.conv_general_dilated(x, layer["kernel"], (1, 1), padding, dimension_numbers=numbers) + layer["bias"]


def pool(x):
    batch, height, width, channels = x.shape
    squares = x.reshape(batch, height // 2, 2, width // 2, 2, channels)
    return jnp.einsum("bhiwjc->bhwc", squares) / 4


def apply(params, images):
    x = images
    for layer, padding in zip(params["conv"], ("SAME", "VALID")):
        x = pool(jax.nn.relu(convolve(layer, x, padding)))
    first, second, last = params["dense"]
    x = jax.nn.relu(jnp.einsum("bhwc,hwcu->bu", x, first["kernel"]) + first["bias"])
    x = jax.nn.relu(jnp.einsum("bi,ij->bj", x, second["kernel"]) + second["bias"])
    logits = jnp.einsum("bi,ij->bj", x, last["kernel"]) + last["bias"]
    return {"logits": logits, "probabilities": jax.nn.softmax(logits)}


def loss_fn(params, batch):
    out = apply(params, batch["image"])
    loss = optax.softmax_cross_entropy_with_integer_labels(out["logits"], batch["label"]).mean()
    metrics = {"accuracy": jnp.mean(out["logits"].argmax(-1) == batch["label"])}
    return loss, metrics


def make_optimizer():
    return optax.adam(3e-4)


@functools.partial(jax.jit, static_argnames=("tx",))
def train_step(params, opt_state, batch, tx):
    (loss, metrics), grads = jax.value_and_grad(loss_fn, has_aux=True)(params, batch)
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, {"loss": loss, **metrics}


def normalize(batch):
    return {"image": np.float32(batch["image"]) / 255, "label": np.int32(batch["label"])}


def load():
    from sklearn.datasets import load_digits

    digits = load_digits()
    image = np.round(np.kron(digits.images, np.ones((3, 3))) * (255 / 16)).astype(np.uint8)
    return {"image": np.pad(image, ((0, 0), (2, 2), (2, 2)))[..., None], "label": digits.target}


def main():
    data = normalize(load())
    rng = np.random.default_rng(0)
    order = rng.permutation(len(data["label"]))
    tx = make_optimizer()
    params = init(jax.random.key(0))
    opt_state = tx.init(params)
    for epoch in range(3):
        for rows in np.array_split(rng.permutation(order[:1500]), 47):
            batch = {name: array[rows] for name, array in data.items()}
            params, opt_state, metrics = train_step(params, opt_state, batch, tx)
        _, test = loss_fn(params, {name: array[order[1500:]] for name, array in data.items()})
        print(epoch, {k: float(v) for k, v in metrics.items()}, "test", float(test["accuracy"]))


if __name__ == "__main__":
    main()
