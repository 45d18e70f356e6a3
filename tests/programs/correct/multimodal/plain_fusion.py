"""Late fusion of a picture and a sentence in nothing but jax.numpy (research code, minimal deps)."""
import jax
import jax.numpy as jnp
from jax import lax
import optax

V, E, H, C = 30, 32, 64, 6          # vocabulary, embedding, lstm units, classes
DIMS = ("NHWC", "HWIO", "NHWC")


def init(rng):
    he = jax.nn.initializers.he_normal()
    xavier = jax.nn.initializers.glorot_uniform()
    four = lambda key, shape: jnp.hstack([xavier(k, shape) for k in jax.random.split(key, 4)])  # a gate at a time
    r = jax.random.split(rng, 7)
    return {
        "vision": {
            "conv_a": {"w": he(r[0], (5, 5, 1, 6)), "b": jnp.zeros(6)},
            "conv_b": {"w": he(r[1], (5, 5, 6, 16)), "b": jnp.zeros(16)},
        },
        "text": {
            "table": 0.05 * jax.random.normal(r[2], (V, E)),
            "wx": four(r[3], (E, H)),
            "wh": four(r[4], (H, H)),
            "b": jnp.zeros(4 * H),
        },
        "head": {
            "w1": he(r[5], (400 + H, 128)), "b1": jnp.zeros(128),
            "w2": xavier(r[6], (128, C)), "b2": jnp.zeros(C),
        },
    }


def conv(p, x, pad):
    return lax.conv_general_dilated(x, p["w"], (1, 1), pad, dimension_numbers=DIMS) + p["b"]


def pool2(x):
    total = lax.reduce_window(x, 0.0, lax.add, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    return total / 4.0


def see(p, image):
    a = pool2(jax.nn.relu(conv(p["conv_a"], image, ((2, 2), (2, 2)))))
    b = pool2(jax.nn.relu(conv(p["conv_b"], a, "VALID")))
    return b.reshape(image.shape[0], 400)


def read(p, words):
    x = jnp.take(p["table"], words, axis=0).transpose(1, 0, 2)

    def tick(carry, x_t):
        h, c = carry
        gi, gf, gg, go = jnp.split(x_t @ p["wx"] + h @ p["wh"] + p["b"], 4, axis=-1)
        c = jax.nn.sigmoid(gf) * c + jax.nn.sigmoid(gi) * jnp.tanh(gg)
        h = jax.nn.sigmoid(go) * jnp.tanh(c)
        return (h, c), None

    blank = jnp.zeros((words.shape[0], H))
    (h, c), _ = lax.scan(tick, (blank, blank), x)
    return h


def apply(params, image, words):
    seen = see(params["vision"], image)
    said = read(params["text"], words)
    z = jnp.hstack((seen, said))
    z = jax.nn.relu(z @ params["head"]["w1"] + params["head"]["b1"])
    return z @ params["head"]["w2"] + params["head"]["b2"]


def loss_fn(params, image, words, labels):
    logits = apply(params, image, words)
    log_z = jax.nn.logsumexp(logits, axis=-1)
    correct = logits[jnp.arange(len(labels)), labels]
    return jnp.mean(log_z - correct)


tx = optax.adam(3e-4)


@jax.jit
def step(params, opt_state, image, words, labels):
    loss, grads = jax.value_and_grad(loss_fn)(params, image, words, labels)
    delta, opt_state = tx.update(grads, opt_state)
    return optax.apply_updates(params, delta), opt_state, loss


if __name__ == "__main__":
    params = init(jax.random.key(0))
    opt_state = tx.init(params)
    for i in range(100):
        k1, k2 = jax.random.split(jax.random.key(i))
        words = jax.random.randint(k1, (16, 7), 0, V)
        params, opt_state, loss = step(params, opt_state, jax.random.uniform(k2, (16, 28, 28, 1)), words, words[:, 0] % C)
    print(loss)
