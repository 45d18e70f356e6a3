# per-image network, then vmap. params are a plain list of (weights, bias) tuples.
import jax
import jax.numpy as jnp
import optax
from jax import lax

CHANNELS = (8, 10)
DENSE = (400 * CHANNELS[1] // 16, 64, 10)      # 250 -> 64 -> 10

kernel_init = jax.nn.initializers.he_normal(in_axis=1, out_axis=0)   # OIHW kernels
dense_init = jax.nn.initializers.he_normal(in_axis=-1, out_axis=-2)  # (out, in)


def init_network_params(key):
    keys = jax.random.split(key, 2 + len(DENSE) - 1)
    params = []
    c_in = 1
    for k, c_out in zip(keys[:2], CHANNELS):
        params.append((kernel_init(k, (c_out, c_in, 5, 5)), jnp.zeros((c_out,))))
        c_in = c_out
    for k, n_in, n_out in zip(keys[2:], DENSE[:-1], DENSE[1:]):
        params.append((dense_init(k, (n_out, n_in)), jnp.zeros((n_out,))))
    return params


def _conv(img, w, padding):
    """img is (C, H, W)"""
    return lax.conv(img[None], w, (1, 1), padding)[0]


def _pool(img):
    c, h, w = img.shape
    return img.reshape(c, h // 2, 2, w // 2, 2).max(axis=(2, 4))


def predict_one(params, image):
    """image: (28, 28, 1), as the loader gives it"""
    (w1, b1), (w2, b2), *fully_connected = params
    a = image.transpose(2, 0, 1)
    a = _pool(jax.nn.relu(_conv(a, w1, "SAME") + b1[:, None, None]))
    a = _pool(jax.nn.relu(_conv(a, w2, "VALID") + b2[:, None, None]))
    a = a.ravel()
    for w, b in fully_connected[:-1]:
        a = jax.nn.relu(jnp.dot(w, a) + b)
    w, b = fully_connected[-1]
    return jnp.dot(w, a) + b


predict = jax.vmap(predict_one, in_axes=(None, 0))


def xent(logits, onehot):
    return -jnp.dot(onehot, jax.nn.log_softmax(logits))


def loss_fn(params, images, labels):
    logits = predict(params, images)
    onehot = jax.nn.one_hot(labels, logits.shape[-1])
    return jax.vmap(xent)(logits, onehot).mean()


optimizer = optax.sgd(0.05, momentum=0.9)


@jax.jit
def step(params, opt_state, images, labels):
    l, g = jax.value_and_grad(loss_fn)(params, images, labels)
    upd, opt_state = optimizer.update(g, opt_state)
    params = jax.tree.map(lambda p, u: p + u, params, upd)
    return params, opt_state, l


if __name__ == "__main__":
    images = jax.random.uniform(jax.random.key(3), (16, 28, 28, 1))
    labels = jnp.arange(16) % 10
    params = init_network_params(jax.random.key(0))
    state = optimizer.init(params)
    for _ in range(4):
        params, state, l = step(params, state, images, labels)
        print(l)
