"""CORAL: what a network sees of two kinds of pictures is given the same covariances.

Paper: Sun, Saenko (2016), Deep CORAL: correlation alignment for deep domain adaptation.
Task: digits with labels, and other digits, rotated by 30 degrees (or inverted), without: those are to be told.
Run: python coral.py
Known result: accuracy 0.5894 ± 0.044 on rotated_digits, 5 seeds; best baseline 0.5292, nearest-neighbours.
"""

import argparse
import dataclasses
from collections.abc import Callable, Iterator

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


@dataclasses.dataclass(frozen=True)
class Config:
    """Sizes and defaults: LeNet's, and CORAL weighing 10 times its value."""

    image: tuple[int, int, int] = (28, 28, 1)
    classes: int = 10
    activation: Callable = nnx.relu
    kernel_init: Callable = nnx.initializers.he_normal()
    weight: float = 10.0
    learning_rate: float = 3e-4
    batch_size: int = 32
    epochs: int = 50
    seed: int = 0


class LeNet(nnx.Module):
    """`f32[batch, 28, 28, 1]` in [0, 1] to logits `f32[batch, 10]`."""

    def __init__(self, config: Config, rngs: nnx.Rngs):
        self.config, init = config, config.kernel_init
        self.conv1 = nnx.Conv(config.image[-1], 6, (5, 5), padding="SAME", kernel_init=init, rngs=rngs)
        self.conv2 = nnx.Conv(6, 16, (5, 5), padding="VALID", kernel_init=init, rngs=rngs)
        self.dense1 = nnx.Linear(flat_features(config), 120, kernel_init=init, rngs=rngs)
        self.dense2 = nnx.Linear(120, 84, kernel_init=init, rngs=rngs)
        self.logits = nnx.Linear(84, config.classes, kernel_init=init, rngs=rngs)

    def features(self, x: jax.Array) -> jax.Array:
        activation = self.config.activation
        chex.assert_shape(x, (None, *self.config.image))
        x = self.conv1(x)  # f32[batch, 28, 28, 6]
        x = activation(x)  # f32[batch, 28, 28, 6]
        x = nnx.avg_pool(x, (2, 2), strides=(2, 2))  # f32[batch, 14, 14, 6]
        x = self.conv2(x)  # f32[batch, 10, 10, 16]
        x = activation(x)  # f32[batch, 10, 10, 16]
        x = nnx.avg_pool(x, (2, 2), strides=(2, 2))  # f32[batch, 5, 5, 16]
        x = x.reshape(x.shape[0], -1)  # f32[batch, 400]
        x = self.dense1(x)  # f32[batch, 120]
        x = activation(x)  # f32[batch, 120]
        x = self.dense2(x)  # f32[batch, 84]
        x = activation(x)  # f32[batch, 84]
        return x

    def __call__(self, x: jax.Array) -> jax.Array:
        x = self.features(x)  # f32[batch, 84]
        x = self.logits(x)  # f32[batch, 10]
        return x


def flat_features(config: Config) -> int:
    """Features left once both convolutions and poolings have run: 400 by default."""
    height, width, _ = config.image
    return (height // 2 - 4) // 2 * ((width // 2 - 4) // 2) * 16


def covariance(x: jax.Array) -> jax.Array:
    """Of features over a batch: `f32[batch, features]` to `f32[features, features]`."""
    x = x - x.mean(axis=0)  # f32[batch, 10]
    return x.T @ x / (x.shape[0] - 1)  # f32[10, 10]


def coral(source: jax.Array, target: jax.Array) -> jax.Array:
    """Squared distance of two batches' covariances, over 4 times the squared number of features."""
    distance = ((covariance(source) - covariance(target)) ** 2).sum()  # f32[]
    return distance / (4 * source.shape[1] ** 2)  # f32[]


def loss_fn(model: LeNet, x: jax.Array, target_x: jax.Array, labels: jax.Array) -> jax.Array:
    """Mean cross-entropy in nats of the source's logits, and CORAL of both kinds' logits as the paper has it."""
    logits, target_logits = model(x), model(target_x)  # f32[batch, 10]
    chex.assert_shape(labels, logits.shape[:1])
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)  # f32[batch]
    return losses.mean() + model.config.weight * coral(logits, target_logits)  # f32[]


def make_optimizer(model: LeNet, config: Config) -> nnx.Optimizer:
    return nnx.Optimizer(model, optax.adam(config.learning_rate), wrt=nnx.Param)


@nnx.jit
def train_step(model: LeNet, optimizer: nnx.Optimizer, *batch: jax.Array) -> jax.Array:
    loss, grads = nnx.value_and_grad(loss_fn)(model, *batch)
    optimizer.update(model, grads)
    return loss


def preprocess(images: np.ndarray) -> np.ndarray:
    """`u8[batch, 28, 28, 1]` in 0..255 to `f32` in [0, 1]."""
    return images.astype(np.float32) / 255


def accuracy(model: LeNet, x: np.ndarray, labels: np.ndarray) -> float:
    """Share of examples whose largest logit is the label's."""
    return float((model(jnp.asarray(x)).argmax(axis=-1) == labels).mean())


def batches(x: np.ndarray, target_x: np.ndarray, labels: np.ndarray, batch_size: int, seed: int) -> Iterator[tuple]:
    """Every source example once, shuffled, beside as many of the target; the last batch may be short."""
    rng = np.random.default_rng(seed)
    order, other = rng.permutation(len(labels)), rng.permutation(len(target_x))
    for chosen in np.split(np.arange(len(order)), range(batch_size, len(order), batch_size)):
        yield x[order[chosen]], target_x[other[chosen % len(other)]], labels[order[chosen]]


def shift(images: np.ndarray, how: str) -> np.ndarray:
    """The target's pictures of the source's: `u8[batch, 28, 28, 1]`, `rotated` by 30 degrees or `inverted`."""
    if how == "inverted":
        return 255 - images
    from scipy.ndimage import rotate

    return rotate(images, 30, axes=(1, 2), reshape=False, order=1)


def load_data(how: str = "rotated", seed: int = 0) -> list[tuple[np.ndarray, ...]]:
    """Source pictures, target pictures of other digits and source labels to train; target pictures and labels to test.

    The digits are scikit-learn's, every pixel tripled and two added around.
    """
    from sklearn.datasets import load_digits

    small, labels = load_digits().images, load_digits().target.astype(np.int32)
    x = np.rint(small * 255 / 16).astype(np.uint8).repeat(3, axis=1).repeat(3, axis=2)  # u8[1797, 24, 24]
    x = np.pad(x, ((0, 0), (2, 2), (2, 2)))[..., None]  # u8[1797, 28, 28, 1]
    test, source, target = np.split(np.random.default_rng(seed).permutation(len(x)), [359, 1078])
    return [(x[source], shift(x[target], how), labels[source]), (shift(x[test], how), labels[test])]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shift", choices=["rotated", "inverted"], default="rotated")
    parser.add_argument("--epochs", type=int, default=Config.epochs)
    parser.add_argument("--seed", type=int, default=Config.seed)
    arguments = parser.parse_args()
    (x, target_x, labels), (test_x, test_labels) = load_data(arguments.shift)
    config = Config(epochs=arguments.epochs, seed=arguments.seed)
    model = LeNet(config, nnx.Rngs(config.seed))
    optimizer = make_optimizer(model, config)
    for epoch in range(config.epochs):
        order = batches(preprocess(x), preprocess(target_x), labels, config.batch_size, seed=epoch)
        losses = [train_step(model, optimizer, *batch) for batch in order]
        chex.assert_tree_all_finite(losses)
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}")
    print(f"accuracy on {len(test_x)} target images: {accuracy(model, preprocess(test_x), test_labels):.3f}")
    print(f"baseline, the majority class: {np.mean(test_labels == np.bincount(labels).argmax()):.3f}")
    print(next(line for line in __doc__.splitlines() if line.startswith("Known result")))


if __name__ == "__main__":
    main()
