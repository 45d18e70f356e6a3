"""The Keras "simple convnet" example, rewritten with flax.linen.

Like the original, the network ends in a softmax and the loss is Keras'
categorical_crossentropy on probabilities (clipped by epsilon).
"""
import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

num_classes = 10
input_shape = (28, 28, 1)
K_EPSILON = 1e-7


class SimpleConvnet(nn.Module):
    @nn.compact
    def __call__(self, inputs, training=False):
        x = nn.Conv(16, (3, 3), padding="VALID", name="conv2d")(inputs)
        x = nn.relu(x)
        x = nn.max_pool(x, window_shape=(2, 2), strides=(2, 2))  # 26 -> 13
        x = nn.Conv(32, (3, 3), padding="VALID", name="conv2d_1")(x)
        x = nn.relu(x)
        x = nn.max_pool(x, window_shape=(2, 2), strides=(2, 2))  # 11 -> 5
        x = x.reshape((x.shape[0], -1))
        x = nn.Dropout(0.5)(x, deterministic=not training)
        x = nn.Dense(num_classes, name="dense")(x)
        return nn.softmax(x)


def categorical_crossentropy(y_true, y_pred):
    y_pred = jnp.clip(y_pred, K_EPSILON, 1.0 - K_EPSILON)
    return -jnp.sum(y_true * jnp.log(y_pred), axis=-1)


def loss_fn(params, x, y, dropout_key=None):
    if dropout_key is None:
        y_pred = SimpleConvnet().apply({"params": params}, x)
    else:
        y_pred = SimpleConvnet().apply({"params": params}, x, training=True,
                                       rngs={"dropout": dropout_key})
    y_true = jax.nn.one_hot(y, num_classes)
    return jnp.mean(categorical_crossentropy(y_true, y_pred))


def create_optimizer():
    return optax.adam(learning_rate=1e-3)


@jax.jit
def train_step(params, opt_state, x, y, dropout_key):
    loss, grads = jax.value_and_grad(loss_fn)(params, x, y, dropout_key)
    updates, opt_state = create_optimizer().update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss


def preprocess(images):
    """uint8 [n, 28, 28] or [n, 28, 28, 1] -> float in [0, 1]."""
    images = jnp.asarray(images, jnp.float32) / 255
    return images if images.ndim == 4 else images[..., None]


def main():
    from sklearn.datasets import load_digits
    data = load_digits()
    x = jnp.pad(jnp.kron(data.images, jnp.ones((1, 3, 3))), ((0, 0), (2, 2), (2, 2)))
    x = preprocess((x * 255 / 16).round())
    y = jnp.asarray(data.target)
    params = SimpleConvnet().init(jax.random.key(0), jnp.zeros((1, *input_shape)))["params"]
    opt_state = create_optimizer().init(params)
    key = jax.random.key(1)
    for i in range(0, 1500, 50):
        key, sub = jax.random.split(key)
        params, opt_state, loss = train_step(params, opt_state, x[i:i + 50], y[i:i + 50], sub)
        print(i, loss)


if __name__ == "__main__":
    main()
