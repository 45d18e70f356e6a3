"""Digit recogniser whose output is a distribution: softmax inside the network, log in the loss."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


class DigitNet(nnx.Module):
    """Probabilities of the ten digits, f32[batch, 10]."""

    def __init__(self, rngs: nnx.Rngs):
        kaiming = nnx.initializers.kaiming_uniform()
        self.conv1 = nnx.Conv(1, 6, (5, 5), padding="SAME", kernel_init=kaiming, rngs=rngs)
        self.conv2 = nnx.Conv(6, 16, (5, 5), padding="VALID", kernel_init=kaiming, rngs=rngs)
        self.dense1 = nnx.Linear(400, 120, kernel_init=kaiming, rngs=rngs)
        self.dense2 = nnx.Linear(120, 84, kernel_init=kaiming, rngs=rngs)
        self.dense3 = nnx.Linear(84, 10, kernel_init=kaiming, rngs=rngs)

    def __call__(self, x):
        x = jax.nn.relu(self.conv1(x))
        x = nnx.avg_pool(x, (2, 2), strides=(2, 2))
        x = jax.nn.relu(self.conv2(x))
        x = nnx.avg_pool(x, (2, 2), strides=(2, 2))
        x = x.reshape(x.shape[0], -1)
        x = jax.nn.relu(self.dense1(x))
        x = jax.nn.relu(self.dense2(x))
        logits = self.dense3(x)
        return jax.nn.softmax(logits, axis=-1)


def cross_entropy(probabilities, labels):
    """Mean over the batch; probabilities are kept above 1e-9 for the logarithm."""
    p = jnp.clip(probabilities, 1e-9, 1.0)
    targets = jax.nn.one_hot(labels, 10)
    per_image = -(targets * jnp.log(p)).sum(axis=1)
    return per_image.mean()


def loss_fn(model, images, labels):
    return cross_entropy(model(images), labels)


@nnx.jit
def train_step(model, optimizer, images, labels):
    loss, grads = nnx.value_and_grad(loss_fn)(model, images, labels)
    optimizer.update(model, grads)
    return loss


def entropy(probabilities):
    """How undecided the network is, in nats."""
    return -(probabilities * jnp.log(jnp.clip(probabilities, 1e-9, 1.0))).sum(-1)


def load():
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.pad(np.kron(digits.images / 16, np.ones((3, 3))), ((0, 0), (2, 2), (2, 2)))
    return images[..., None].astype(np.float32), digits.target.astype(np.int32)


if __name__ == "__main__":
    images, labels = load()
    rng = np.random.default_rng(0)
    order = rng.permutation(len(labels))
    train, test = order[:1500], order[1500:]
    model = DigitNet(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
    for epoch in range(3):
        for rows in np.array_split(rng.permutation(train), 47):
            loss = train_step(model, optimizer, images[rows], labels[rows])
        answer = model(images[test])
        hits = answer.argmax(-1) == labels[test]
        print(f"{epoch}: loss {loss:.3f} accuracy {hits.mean():.3f} entropy {entropy(answer).mean():.3f}")
