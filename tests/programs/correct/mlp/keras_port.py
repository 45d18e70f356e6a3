"""Breast cancer classifier: the Keras notebook, redone with nnx and a list of layers."""
import jax
import jax.numpy as jnp
import optax
from flax import nnx

ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": jax.nn.relu,
    "softmax": lambda x: jax.nn.softmax(x, axis=-1),
}


class Dense(nnx.Module):
    def __init__(self, input_dim, units, activation="linear", key=None):
        limit = jnp.sqrt(6.0 / (input_dim + units))
        self.kernel = nnx.Param(
            jax.random.uniform(key, (input_dim, units), minval=-limit, maxval=limit))
        self.bias = nnx.Param(jnp.zeros((units,)))
        self.activation = activation

    def __call__(self, x, training=False):
        y = jnp.dot(x, self.kernel[...]) + self.bias[...]
        return ACTIVATIONS[self.activation](y)


class Dropout(nnx.Module):
    def __init__(self, rate, rngs):
        self.mask = nnx.Dropout(rate, rngs=rngs)

    def __call__(self, x, training=False):
        return self.mask(x, deterministic=not training)


class Sequential(nnx.Module):
    def __init__(self, input_dim: int = 30, num_classes: int = 2, *, rngs: nnx.Rngs):
        self.layers = nnx.List([
            Dense(input_dim, 64, activation="relu", key=rngs.params()),
            Dense(64, 64, activation="relu", key=rngs.params()),
            Dropout(0.2, rngs),
            Dense(64, 64, activation="relu", key=rngs.params()),
            Dense(64, num_classes, activation="softmax", key=rngs.params()),
        ])

    def __call__(self, x, training: bool = False):
        for layer in self.layers:
            x = layer(x, training=training)
        return x


def loss(y_true, y_pred):
    """sparse categorical crossentropy, from_logits=False"""
    y_pred = jnp.clip(y_pred, 1e-7, 1.0 - 1e-7)
    n = y_true.shape[0]
    return -jnp.mean(jnp.log(y_pred[jnp.arange(n), y_true]))


optimizer = optax.adam(learning_rate=1e-3)


def train_on_batch(model, opt, x, y):
    value, grads = nnx.value_and_grad(lambda m: loss(y, m(x, training=True)))(model)
    opt.update(model, grads)
    return value


train_step = nnx.jit(train_on_batch)
