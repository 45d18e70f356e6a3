"""Configurable deep MLP.

The hidden sizes come from a dataclass, the layers are kept in an nnx.List and applied in a loop with GELU between.
"""

import dataclasses
import typing as tp

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


@dataclasses.dataclass
class MLPConfig:
    input_dim: int = 64
    hidden_dims: tp.Tuple[int, ...] = (128, 64, 32)
    num_classes: int = 10
    init_gain: float = 1.0


class DeepMLP(nnx.Module):
    """Linear layers with GELU between each two of them."""

    def __init__(self, config: MLPConfig, rngs: nnx.Rngs):
        sizes = (config.input_dim, *config.hidden_dims, config.num_classes)
        kernel_init = nnx.initializers.variance_scaling(config.init_gain, "fan_avg", "uniform")
        self.layers = nnx.List([])
        for fan_in, fan_out in zip(sizes[:-1], sizes[1:]):
            self.layers.append(nnx.Linear(fan_in, fan_out, kernel_init=kernel_init, rngs=rngs))

    def __call__(self, x: jax.Array) -> jax.Array:
        for layer in self.layers[:-1]:
            x = layer(x)
            x = jax.nn.gelu(x)
        return self.layers[-1](x)


def cross_entropy_loss(logits: jax.Array, labels: jax.Array) -> jax.Array:
    log_probs = jax.nn.log_softmax(logits, axis=-1)
    picked = jnp.take_along_axis(log_probs, labels[:, None], axis=-1)
    return -jnp.mean(picked[:, 0])


@nnx.jit
def train_step(model, optimizer, images, labels):
    def loss_fn(m):
        return cross_entropy_loss(m(images), labels)

    loss, grads = nnx.value_and_grad(loss_fn)(model)
    optimizer.update(model, grads)
    return loss


def preprocess(images):
    """Grey levels 0..16 of the 8x8 digits to [0, 1]."""
    return np.asarray(images, dtype=np.float32).reshape(len(images), -1) / 16.0


def main():
    from sklearn.datasets import load_digits

    digits = load_digits()
    x, y = preprocess(digits.images), digits.target.astype(np.int32)
    x_train, x_test, y_train, y_test = x[:1400], x[1400:], y[:1400], y[1400:]

    model = DeepMLP(MLPConfig(), rngs=nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adamw(1e-3, weight_decay=1e-4), wrt=nnx.Param)
    rng = np.random.default_rng(0)
    for step in range(2000):
        pick = rng.integers(0, len(x_train), size=64)
        loss = train_step(model, optimizer, x_train[pick], y_train[pick])
        if step % 200 == 0:
            hits = jnp.argmax(model(x_test), axis=1) == y_test
            print(f"step {step} loss {loss:.3f} accuracy {hits.mean():.3f}")


if __name__ == "__main__":
    main()
