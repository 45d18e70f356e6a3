"""LeNet without a library of layers: conv_general_dilated with explicit dimension numbers, pooling by reshape."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

DIMENSIONS = ("NHWC", "HWIO", "NHWC")


def init(key, num_classes=10):
    he = jax.nn.initializers.he_normal()  # counts height and width of a kernel as part of the fan
    k = jax.random.split(key, 5)
    return {
        "params": {
            "conv1": {"kernel": he(k[0], (5, 5, 1, 6)), "bias": jnp.zeros(6)},
            "conv2": {"kernel": he(k[1], (5, 5, 6, 16)), "bias": jnp.zeros(16)},
            "dense1": {"kernel": he(k[2], (400, 120)), "bias": jnp.zeros(120)},
            "dense2": {"kernel": he(k[3], (120, 84)), "bias": jnp.zeros(84)},
            "dense3": {"kernel": he(k[4], (84, num_classes)), "bias": jnp.zeros(num_classes)},
        }
    }


def conv2d(layer, x, padding):
    y = jax.lax.conv_general_dilated(
        x,
        layer["kernel"],
        window_strides=(1, 1),
        padding=padding,
        dimension_numbers=DIMENSIONS,
    )
    return y + layer["bias"]


def mean_pool(x):
    b, h, w, c = x.shape
    x = x.reshape(b, h // 2, 2, w // 2, 2, c)
    return x.mean(axis=(2, 4))


def dense(layer, x):
    return jnp.dot(x, layer["kernel"]) + layer["bias"]


def apply(variables, images):
    p = variables["params"]
    x = jax.nn.relu(conv2d(p["conv1"], images, [(2, 2), (2, 2)]))
    x = mean_pool(x)
    x = jax.nn.relu(conv2d(p["conv2"], x, [(0, 0), (0, 0)]))
    x = mean_pool(x)
    x = jnp.reshape(x, (x.shape[0], 400))
    x = jax.nn.relu(dense(p["dense1"], x))
    x = jax.nn.relu(dense(p["dense2"], x))
    return dense(p["dense3"], x)


def loss_fn(variables, batch):
    logits = apply(variables, batch["image"])
    log_normalizer = jax.nn.logsumexp(logits, axis=-1)
    label_logits = logits[jnp.arange(logits.shape[0]), batch["label"]]
    return jnp.mean(log_normalizer - label_logits)


optimizer = optax.adam(3e-4)


@jax.jit
def train_step(variables, opt_state, batch):
    loss, grads = jax.value_and_grad(loss_fn)(variables, batch)
    updates, opt_state = optimizer.update(grads, opt_state, variables)
    return optax.apply_updates(variables, updates), opt_state, loss


def main():
    from sklearn.datasets import load_digits

    data = load_digits()
    image = np.pad(np.kron(data.images / 16, np.ones((3, 3))), ((0, 0), (2, 2), (2, 2)))[..., None].astype(np.float32)
    rng = np.random.default_rng(2)
    order = rng.permutation(len(image))
    train, test = order[:1400], order[1400:]
    variables = init(jax.random.PRNGKey(0))
    opt_state = optimizer.init(variables)
    for epoch in range(3):
        rng.shuffle(train)
        for i in range(0, len(train), 32):
            rows = train[i : i + 32]
            batch = {"image": image[rows], "label": data.target[rows]}
            variables, opt_state, loss = train_step(variables, opt_state, batch)
        correct = jnp.argmax(apply(variables, image[test]), -1) == data.target[test]
        print("epoch", epoch, "loss", loss, "accuracy", correct.mean())


if __name__ == "__main__":
    main()
