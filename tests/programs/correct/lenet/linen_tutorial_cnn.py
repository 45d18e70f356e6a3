"""A first CNN on MNIST: 32 and 64 feature maps, 3x3 kernels, a dense layer of 256."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from flax.training.train_state import TrainState


class CNN(nn.Module):
    """Takes images of 28x28x1, gives logits of the ten digits."""

    @nn.compact
    def __call__(self, x):
        x = nn.Conv(32, (3, 3))(x)
        x = nn.relu(x)
        x = nn.avg_pool(x, (2, 2), strides=(2, 2))
        x = nn.Conv(64, (3, 3))(x)
        x = nn.relu(x)
        x = nn.avg_pool(x, (2, 2), strides=(2, 2))
        x = x.reshape((len(x), -1))
        x = nn.Dense(256)(x)
        x = nn.relu(x)
        x = nn.Dense(10)(x)
        return x


def new_state(seed: int = 0):
    cnn = CNN()
    variables = cnn.init(jax.random.PRNGKey(seed), jnp.zeros((1, 28, 28, 1)))
    optimizer = optax.sgd(learning_rate=0.1, momentum=0.9)
    return TrainState.create(apply_fn=cnn.apply, params=variables["params"], tx=optimizer)


@jax.jit
def train_step(state, images, labels):
    """One step of SGD; gives the new state and the loss before it."""

    def mean_loss(params):
        logits = state.apply_fn({"params": params}, images)
        targets = jax.nn.one_hot(labels, 10)
        losses = optax.softmax_cross_entropy(logits, targets)
        return jnp.mean(losses)

    loss, grads = jax.value_and_grad(mean_loss)(state.params)
    return state.apply_gradients(grads=grads), loss


@jax.jit
def count_correct(state, images, labels):
    logits = state.apply_fn({"params": state.params}, images)
    return jnp.sum(jnp.argmax(logits, axis=-1) == labels)


def train_epoch(state, images, labels, batch_size, rng):
    order = rng.permutation(len(images))
    for rows in np.split(order, range(batch_size, len(order), batch_size)):
        state, loss = train_step(state, images[rows], labels[rows])
    return state, float(loss)


def load(split):
    import tensorflow_datasets as tfds

    data = tfds.as_numpy(tfds.load("mnist", split=split, batch_size=-1))
    return np.float32(data["image"]) / 255.0, data["label"]


if __name__ == "__main__":
    train_images, train_labels = load("train")
    test_images, test_labels = load("test")
    state = new_state()
    rng = np.random.default_rng(0)
    for epoch in range(1, 11):
        state, loss = train_epoch(state, train_images, train_labels, 128, rng)
        correct = count_correct(state, test_images, test_labels)
        print(f"epoch {epoch}: loss of the last batch {loss:.4f}, test accuracy {correct / len(test_labels):.4f}")
