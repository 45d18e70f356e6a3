"""A wider network for Fashion-MNIST: 32 and 64 maps, two ELU layers of 256 and 128 behind the convolutions."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


class Backbone(nnx.Module):
    def __init__(self, channels, *, rngs):
        self.convs = nnx.List(
            [nnx.Conv(i, o, (3, 3), padding="SAME", rngs=rngs) for i, o in zip((1, *channels), channels)]
        )

    def __call__(self, x):
        for conv in self.convs:
            x = nnx.elu(conv(x))
            x = nnx.max_pool(x, (2, 2), strides=(2, 2))
        return x


class FashionNet(nnx.Module):
    def __init__(self, channels=(32, 64), dense=(256, 128), num_classes=10, *, rngs: nnx.Rngs):
        self.backbone = Backbone(channels, rngs=rngs)
        self.dense1 = nnx.Linear(7 * 7 * channels[-1], dense[0], rngs=rngs)
        self.dense2 = nnx.Linear(dense[0], dense[1], rngs=rngs)
        self.classify = nnx.Linear(dense[1], num_classes, rngs=rngs)

    def __call__(self, x):
        x = self.backbone(x)
        x = x.reshape(x.shape[0], -1)
        x = nnx.elu(self.dense1(x))
        x = nnx.elu(self.dense2(x))
        return self.classify(x)


def loss_fn(model, images, labels):
    logits = model(images)
    return jnp.mean(optax.softmax_cross_entropy(logits, nnx.one_hot(labels, 10)))


@nnx.jit
def train_step(model, optimizer, images, labels):
    loss, grads = nnx.value_and_grad(loss_fn)(model, images, labels)
    optimizer.update(model, grads)
    return loss


@nnx.jit
def correct(model, images, labels):
    return jnp.sum(jnp.argmax(model(images), axis=-1) == labels)


def fashion_mnist(split):
    import tensorflow_datasets as tfds

    source = tfds.data_source("fashion_mnist", split=split)
    images = np.stack([example["image"] for example in source])
    labels = np.array([example["label"] for example in source])
    return images.astype(np.float32) / 255, labels


def main(epochs=5, batch_size=128):
    images, labels = fashion_mnist("train")
    test_images, test_labels = fashion_mnist("test")
    model = FashionNet(rngs=nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
    rng = np.random.default_rng(0)
    for epoch in range(epochs):
        order = rng.permutation(len(images))
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            loss = train_step(model, optimizer, images[rows], labels[rows])
        hits = sum(
            int(correct(model, test_images[i : i + 1000], test_labels[i : i + 1000]))
            for i in range(0, len(test_images), 1000)
        )
        print(f"epoch {epoch}: loss {float(loss):.4f}, test accuracy {hits / len(test_labels):.4f}")
    jax.clear_caches()


if __name__ == "__main__":
    main()
