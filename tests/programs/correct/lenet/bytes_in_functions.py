"""LeNet as two functions; `forward` gets bytes and begins with the scaling, so nobody can forget it."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

he = jax.nn.initializers.he_normal()
LAYERS = {"conv1": (5, 5, 1, 6), "conv2": (5, 5, 6, 16), "full1": (400, 120), "full2": (120, 84), "full3": (84, 10)}


def init_params(rng):
    rngs = dict(zip(LAYERS, jax.random.split(rng, len(LAYERS))))
    return {name: {"w": he(rngs[name], shape), "b": jnp.zeros(shape[-1])} for name, shape in LAYERS.items()}


def conv_relu_pool(x, layer, padding):
    x = jax.lax.conv_general_dilated(x, layer["w"], (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC"))
    x = jax.nn.relu(x + layer["b"])
    return jax.lax.reduce_window(x, 0.0, jax.lax.add, (1, 2, 2, 1), (1, 2, 2, 1), "VALID") * 0.25


def forward(params, pixels):
    """pixels: uint8 or float array (batch, 28, 28, 1), 0 to 255."""
    scaled = jnp.asarray(pixels, jnp.float32) / 255
    maps = conv_relu_pool(scaled, params["conv1"], "SAME")
    maps = conv_relu_pool(maps, params["conv2"], "VALID")
    units = maps.reshape(maps.shape[0], -1)
    units = jax.nn.relu(units @ params["full1"]["w"] + params["full1"]["b"])
    units = jax.nn.relu(units @ params["full2"]["w"] + params["full2"]["b"])
    return units @ params["full3"]["w"] + params["full3"]["b"]


def loss_fn(params, pixels, classes):
    scores = forward(params, pixels)
    shifted = scores - jnp.max(scores, axis=1, keepdims=True)
    log_p = shifted - jnp.log(jnp.sum(jnp.exp(shifted), axis=1, keepdims=True))
    return -jnp.take_along_axis(log_p, classes[:, None], axis=1).mean()


tx = optax.adam(3e-4)


@jax.jit
def train_step(params, opt_state, pixels, classes):
    loss, grads = jax.value_and_grad(loss_fn)(params, pixels, classes)
    updates, opt_state = tx.update(grads, opt_state)
    return optax.apply_updates(params, updates), opt_state, loss


def evaluate(params, pixels, classes):
    return float(jnp.mean(jnp.argmax(forward(params, pixels), axis=1) == classes))


def main():
    from sklearn.datasets import load_digits

    data = load_digits()
    pixels = np.round(np.kron(data.images, np.ones((3, 3))) * 255 / 16).astype(np.uint8)
    pixels = np.pad(pixels, ((0, 0), (2, 2), (2, 2)))[..., None]
    rng = np.random.default_rng(0)
    order = rng.permutation(len(pixels))
    train, test = order[300:], order[:300]
    params = init_params(jax.random.key(0))
    opt_state = tx.init(params)
    for epoch in range(4):
        for rows in np.array_split(rng.permutation(train), 46):
            params, opt_state, loss = train_step(params, opt_state, pixels[rows], data.target[rows])
        print(f"epoch {epoch}: loss {loss:.4f}, test {evaluate(params, pixels[test], data.target[test]):.3f}")


if __name__ == "__main__":
    main()
