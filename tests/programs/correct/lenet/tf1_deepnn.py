# "Deep MNIST for Experts", the old TensorFlow 1 tutorial, carried over to JAX.
# Variables live in one flat dictionary, under the names of the tutorial.
import jax
import jax.numpy as jnp
import optax
from jax import lax


def weight_variable(key, shape):
    return 0.05 * jax.random.truncated_normal(key, -2.0, 2.0, shape)


def bias_variable(shape):
    return jnp.full(shape, 0.1)


def init_params(key):
    keys = jax.random.split(key, 5)
    return {
        "conv1/W": weight_variable(keys[0], (5, 5, 1, 8)),
        "conv1/b": bias_variable((8,)),
        "conv2/W": weight_variable(keys[1], (5, 5, 8, 16)),
        "conv2/b": bias_variable((16,)),
        "fc1/W": weight_variable(keys[2], (7 * 7 * 16, 64)),
        "fc1/b": bias_variable((64,)),
        "fc2/W": weight_variable(keys[3], (64, 64)),
        "fc2/b": bias_variable((64,)),
        "fc3/W": weight_variable(keys[4], (64, 10)),
        "fc3/b": bias_variable((10,)),
    }


def conv2d(x, W):
    return lax.conv_general_dilated(x, W, window_strides=(1, 1), padding="SAME",
                                    rhs_dilation=(1, 1),
                                    dimension_numbers=("NHWC", "HWIO", "NHWC"))


def max_pool_2x2(x):
    return lax.reduce_window(x, -jnp.inf, lax.max, window_dimensions=(1, 2, 2, 1),
                             window_strides=(1, 2, 2, 1), padding="SAME")


def dropout(x, keep_prob, key):
    if key is None:
        return x
    kept = jax.random.bernoulli(key, keep_prob, x.shape)
    return jnp.where(kept, x / keep_prob, 0)


def forward(params, x, key=None):
    x_image = jnp.reshape(x, [-1, 28, 28, 1])
    h_conv1 = jax.nn.relu(conv2d(x_image, params["conv1/W"]) + params["conv1/b"])
    h_pool1 = max_pool_2x2(h_conv1)
    h_conv2 = jax.nn.relu(conv2d(h_pool1, params["conv2/W"]) + params["conv2/b"])
    h_pool2 = max_pool_2x2(h_conv2)
    h_pool2_flat = jnp.reshape(h_pool2, [-1, 7 * 7 * 16])
    h_fc1 = jax.nn.relu(jnp.matmul(h_pool2_flat, params["fc1/W"]) + params["fc1/b"])
    h_fc1_drop = dropout(h_fc1, keep_prob=0.5, key=key)
    h_fc2 = jax.nn.relu(jnp.matmul(h_fc1_drop, params["fc2/W"]) + params["fc2/b"])
    y_conv = jnp.matmul(h_fc2, params["fc3/W"]) + params["fc3/b"]
    return y_conv


def cross_entropy(logits, labels):
    losses = optax.softmax_cross_entropy_with_integer_labels(logits=logits, labels=labels)
    return jnp.mean(losses)


tx = optax.adam(1e-4)


@jax.jit
def train_step(params, opt_state, x, y, key):
    def compute_loss(p):
        return cross_entropy(forward(p, x, key), y)

    grads = jax.grad(compute_loss)(params)
    updates, opt_state = tx.update(grads, opt_state)
    return optax.apply_updates(params, updates), opt_state


def accuracy(logits, labels):
    correct_prediction = jnp.equal(jnp.argmax(logits, 1), labels)
    return jnp.mean(correct_prediction.astype(jnp.float32))


def preprocess(raw):
    return raw.astype(jnp.float32) / 255.0
