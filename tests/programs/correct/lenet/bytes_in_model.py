"""LeNet that takes the camera's bytes as they are: uint8 pictures in, the module scales them itself."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


class ByteLeNet(nnx.Module):
    """u8[batch, 28, 28] with values 0..255 -> logits f32[batch, 10]"""

    def __init__(self, *, rngs: nnx.Rngs):
        he = nnx.initializers.he_normal()
        self.convs = nnx.List(
            [
                nnx.Conv(1, 6, (5, 5), padding="SAME", kernel_init=he, rngs=rngs),
                nnx.Conv(6, 16, (5, 5), padding="VALID", kernel_init=he, rngs=rngs),
            ]
        )
        sizes = [400, 120, 84, 10]
        self.linears = nnx.List([nnx.Linear(i, o, kernel_init=he, rngs=rngs) for i, o in zip(sizes, sizes[1:])])

    def __call__(self, images):
        x = images.astype(jnp.float32) / 255.0
        x = x[..., None]
        for conv in self.convs:
            x = conv(x)
            x = nnx.relu(x)
            x = nnx.avg_pool(x, (2, 2), strides=(2, 2))
        x = x.reshape(x.shape[0], -1)
        for linear in self.linears[:-1]:
            x = linear(x)
            x = nnx.relu(x)
        return self.linears[-1](x)


def loss_fn(model, images, labels):
    logits = model(images)
    return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(logits, labels))


@nnx.jit
def train_step(model, optimizer, images, labels):
    loss, grads = nnx.value_and_grad(loss_fn)(model, images, labels)
    optimizer.update(model, grads)
    return loss


@nnx.jit
def accuracy(model, images, labels):
    return jnp.mean(model(images).argmax(axis=-1) == labels)


def load_bytes():
    from sklearn.datasets import load_digits

    digits = load_digits()
    grey = np.round(digits.images * (255 / 16)).astype(np.uint8)
    grey = np.pad(np.kron(grey, np.ones((3, 3), np.uint8)), ((0, 0), (2, 2), (2, 2)))
    return grey, digits.target.astype(np.int32)


def main():
    images, labels = load_bytes()
    rng = np.random.default_rng(12)
    order = rng.permutation(len(labels))
    train, test = order[:1500], order[1500:]
    model = ByteLeNet(rngs=nnx.Rngs(12))
    optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
    for epoch in range(3):
        for rows in np.array_split(rng.permutation(train), 47):
            loss = train_step(model, optimizer, images[rows], labels[rows])
        print(epoch, float(loss), float(accuracy(model, images[test], labels[test])))
    jax.block_until_ready(loss)


if __name__ == "__main__":
    main()
