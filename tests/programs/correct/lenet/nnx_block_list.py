"""Small configurable CNN: conv blocks with max pooling and GELU, kept in an nnx.List, then two dense layers."""

from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


@dataclass
class CNNConfig:
    in_channels: int = 1
    channels: list[int] = field(default_factory=lambda: [8, 16])
    kernel_size: int = 3
    hidden: int = 64
    num_classes: int = 10
    image_size: int = 28
    learning_rate: float = 1e-3


class ConvBlock(nnx.Module):
    """Convolution, GELU, 2x2 max pooling."""

    def __init__(self, cin: int, cout: int, kernel: int, *, rngs: nnx.Rngs):
        self.conv = nnx.Conv(cin, cout, (kernel, kernel), rngs=rngs)

    def __call__(self, x):
        x = self.conv(x)
        x = jax.nn.gelu(x)
        return nnx.max_pool(x, (2, 2), strides=(2, 2))


class CNN(nnx.Module):
    def __init__(self, config: CNNConfig, rngs: nnx.Rngs):
        blocks = []
        channels = config.in_channels
        for width in config.channels:
            blocks.append(ConvBlock(channels, width, config.kernel_size, rngs=rngs))
            channels = width
        self.blocks = nnx.List(blocks)
        side = config.image_size // 2 ** len(blocks)
        self.hidden = nnx.Linear(side * side * channels, config.hidden, rngs=rngs)
        self.head = nnx.Linear(config.hidden, config.num_classes, rngs=rngs)

    def __call__(self, x):
        for block in self.blocks:
            x = block(x)
        x = jnp.reshape(x, (x.shape[0], -1))
        x = jax.nn.gelu(self.hidden(x))
        return self.head(x)


@nnx.jit
def train_step(model, optimizer, batch):
    images, labels = batch

    def loss_fn(model):
        logits = model(images)
        one_hot = jax.nn.one_hot(labels, logits.shape[-1])
        return optax.softmax_cross_entropy(logits, one_hot).mean()

    loss, grads = nnx.value_and_grad(loss_fn)(model)
    optimizer.update(model, grads)
    return loss


def create_optimizer(model, config: CNNConfig):
    return nnx.Optimizer(model, optax.adamw(config.learning_rate, weight_decay=1e-4), wrt=nnx.Param)


def load_images():
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.repeat(np.repeat(digits.images / 16.0, 3, axis=1), 3, axis=2)
    return np.pad(images, [(0, 0), (2, 2), (2, 2)])[..., np.newaxis].astype(np.float32), digits.target


def main():
    config = CNNConfig()
    images, labels = load_images()
    rng = np.random.default_rng(0)
    order = rng.permutation(len(labels))
    train, test = order[:1437], order[1437:]
    model = CNN(config, nnx.Rngs(0))
    optimizer = create_optimizer(model, config)
    for epoch in range(3):
        for rows in np.array_split(rng.permutation(train), 45):
            loss = train_step(model, optimizer, (images[rows], labels[rows]))
        hits = model(images[test]).argmax(axis=-1) == labels[test]
        print(f"epoch {epoch} loss {float(loss):.3f} test {float(hits.mean()):.3f}")


if __name__ == "__main__":
    main()
