"""LeNet: two convolutions, two poolings, three dense layers, for images.

Paper: LeCun, Bottou, Bengio, Haffner (1998), Gradient-based learning applied to document recognition.
Task: handwritten digits, 10 classes.
Run: python lenet.py
Known result: accuracy 0.9858 ± 0.0036 on digits, 20 seeds; best baseline 0.9889, nearest-neighbours.
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
    """Sizes and defaults: Adam at 3e-4, ReLU with He initialisation, no regularisation."""

    image: tuple[int, int, int] = (28, 28, 1)
    channels: tuple[int, ...] = (6, 16)
    kernel: int = 5
    padding: tuple[str, ...] = ("SAME", "VALID")
    pool: Callable = nnx.avg_pool
    dense: tuple[int, ...] = (120, 84)
    classes: int = 10
    activation: Callable = nnx.relu
    kernel_init: Callable = nnx.initializers.he_normal()
    learning_rate: float = 3e-4
    batch_size: int = 32
    epochs: int = 50
    seed: int = 0


class LeNet(nnx.Module):
    """`f32[batch, 28, 28, 1]` in [0, 1] to logits `f32[batch, 10]`."""

    def __init__(self, config: Config, rngs: nnx.Rngs):
        self.config = config
        window, init = (config.kernel, config.kernel), config.kernel_init
        self.conv1 = nnx.Conv(
            config.image[-1], config.channels[0], window, padding=config.padding[0], kernel_init=init, rngs=rngs
        )
        self.conv2 = nnx.Conv(
            config.channels[0], config.channels[1], window, padding=config.padding[1], kernel_init=init, rngs=rngs
        )
        self.dense1 = nnx.Linear(flat_features(config), config.dense[0], kernel_init=init, rngs=rngs)
        self.dense2 = nnx.Linear(config.dense[0], config.dense[1], kernel_init=init, rngs=rngs)
        self.logits = nnx.Linear(config.dense[-1], config.classes, kernel_init=init, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        activation, pool = self.config.activation, self.config.pool
        chex.assert_shape(x, (None, *self.config.image))
        x = self.conv1(x)  # f32[batch, 28, 28, 6]
        x = activation(x)  # f32[batch, 28, 28, 6]
        x = pool(x, (2, 2), strides=(2, 2))  # f32[batch, 14, 14, 6]
        x = self.conv2(x)  # f32[batch, 10, 10, 16]
        x = activation(x)  # f32[batch, 10, 10, 16]
        x = pool(x, (2, 2), strides=(2, 2))  # f32[batch, 5, 5, 16]
        x = x.reshape(x.shape[0], -1)  # f32[batch, 400]
        x = self.dense1(x)  # f32[batch, 120]
        x = activation(x)  # f32[batch, 120]
        x = self.dense2(x)  # f32[batch, 84]
        x = activation(x)  # f32[batch, 84]
        x = self.logits(x)  # f32[batch, 10]
        return x


def flat_features(config: Config) -> int:
    """Features left once every convolution and pooling has run: 400 by default."""
    height, width, _ = config.image
    for padding in config.padding:
        lost = 0 if padding == "SAME" else config.kernel - 1
        height, width = (height - lost) // 2, (width - lost) // 2
    return height * width * config.channels[-1]


def loss_fn(model: LeNet, x: jax.Array, labels: jax.Array) -> jax.Array:
    """Mean cross-entropy in nats of logits against class ids `i32[batch]`."""
    logits = model(x)  # f32[batch, 10]
    chex.assert_shape(labels, logits.shape[:1])
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)  # f32[batch]
    return losses.mean()  # f32[]


def make_optimizer(model: LeNet, config: Config) -> nnx.Optimizer:
    return nnx.Optimizer(model, optax.adam(config.learning_rate), wrt=nnx.Param)


@nnx.jit
def train_step(model: LeNet, optimizer: nnx.Optimizer, x: jax.Array, labels: jax.Array) -> jax.Array:
    loss, grads = nnx.value_and_grad(loss_fn)(model, x, labels)
    optimizer.update(model, grads)
    return loss


def preprocess(images: np.ndarray) -> np.ndarray:
    """`u8[batch, 28, 28, 1]` in 0..255 to `f32` in [0, 1]."""
    return images.astype(np.float32) / 255


def accuracy(model: LeNet, x: np.ndarray, labels: np.ndarray) -> float:
    """Share of examples whose largest logit is the label's."""
    predictions = model(jnp.asarray(x)).argmax(axis=-1)
    return float((predictions == labels).mean())


def batches(x: np.ndarray, labels: np.ndarray, batch_size: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Every example once, shuffled; the last batch may be short."""
    order = np.random.default_rng(seed).permutation(len(labels))
    for chosen in np.split(order, range(batch_size, len(order), batch_size)):
        yield x[chosen], labels[chosen]


def digits() -> tuple[np.ndarray, np.ndarray]:
    """The digits of scikit-learn, every pixel tripled and two added around: `u8[1797, 28, 28, 1]` and `i32[1797]`."""
    from sklearn.datasets import load_digits

    small, labels = load_digits().images, load_digits().target
    x = np.rint(small * 255 / 16).astype(np.uint8)  # u8[1797, 8, 8]
    x = x.repeat(3, axis=1).repeat(3, axis=2)  # u8[1797, 24, 24]
    x = np.pad(x, ((0, 0), (2, 2), (2, 2)))  # u8[1797, 28, 28]
    return x[..., None], labels.astype(np.int32)


def split(x: np.ndarray, labels: np.ndarray, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """Training examples, four in five, and test examples, the rest."""
    order = np.random.default_rng(seed).permutation(len(x))
    test, train = np.split(order, [len(x) // 5])
    return [(x[train], labels[train]), (x[test], labels[test])]


def load_data(name: str | None = None) -> list[tuple[np.ndarray, np.ndarray]]:
    """Training and test examples: the digits, or a prepared TFDS set of images, such as `mnist`."""
    if name is None:
        return split(*digits())
    import tensorflow_datasets as tfds

    builder = tfds.builder(name, file_format="array_record")
    if not builder.is_prepared():
        raise SystemExit(f"`{name}` is not prepared: run `tfds build {name} --file_format=array_record` once")
    parts = []
    for source in builder.as_data_source(["train", "test"]):
        rows = source.__getitems__(range(len(source)))
        parts.append((np.stack([row["image"] for row in rows]), np.int32([row["label"] for row in rows])))
    return parts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="a prepared TFDS set of images, such as mnist (default: digits)")
    parser.add_argument("--epochs", type=int, default=Config.epochs)
    parser.add_argument("--seed", type=int, default=Config.seed)
    arguments = parser.parse_args()
    (x, labels), (test_x, test_labels) = load_data(arguments.data)
    config = Config(x.shape[1:], classes=int(labels.max()) + 1, epochs=arguments.epochs, seed=arguments.seed)
    model = LeNet(config, nnx.Rngs(config.seed))
    optimizer = make_optimizer(model, config)
    for epoch in range(config.epochs):
        order = batches(preprocess(x), labels, config.batch_size, seed=epoch)
        losses = [train_step(model, optimizer, *batch) for batch in order]
        chex.assert_tree_all_finite(losses)
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}")
    print(f"accuracy on {len(test_x)} test images: {accuracy(model, preprocess(test_x), test_labels):.3f}")
    print(f"baseline, the majority class: {np.mean(test_labels == np.bincount(labels).argmax()):.3f}")
    print(next(line for line in __doc__.splitlines() if line.startswith("Known result")))


if __name__ == "__main__":
    main()
