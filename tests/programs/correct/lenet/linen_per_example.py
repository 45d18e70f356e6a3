"""Linen modules written without a batch axis: one 28x28x1 image in, ten logits out."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn

dense = functools.partial(nn.Dense, kernel_init=nn.initializers.he_uniform())


class SubsampledConv(nn.Module):
    """Convolution, rectifier, 2x2 average."""

    features: int
    padding: str

    @nn.compact
    def __call__(self, image):
        maps = nn.Conv(self.features, (5, 5), padding=self.padding, kernel_init=nn.initializers.he_uniform())(image)
        maps = jax.nn.relu(maps)
        return nn.avg_pool(maps, (2, 2), strides=(2, 2))


class LeNet(nn.Module):
    @nn.compact
    def __call__(self, image):
        maps = SubsampledConv(6, "SAME")(image)
        maps = SubsampledConv(16, "VALID")(maps)
        x = maps.reshape(-1)
        x = jax.nn.relu(dense(120)(x))
        x = jax.nn.relu(dense(84)(x))
        return dense(10)(x)


model = LeNet()


def loss_one(variables, image, label):
    logits = model.apply(variables, image)
    return optax.softmax_cross_entropy_with_integer_labels(logits, label)


def loss_fn(variables, images, labels):
    return jnp.mean(jax.vmap(loss_one, in_axes=(None, 0, 0))(variables, images, labels))


def create_optimizer():
    return optax.adam(optax.cosine_decay_schedule(1e-3, decay_steps=150))


@functools.partial(jax.jit, static_argnums=(0,))
def train_step(optimizer, variables, opt_state, images, labels):
    loss, grads = jax.value_and_grad(loss_fn)(variables, images, labels)
    updates, opt_state = optimizer.update(grads, opt_state, variables)
    return optax.apply_updates(variables, updates), opt_state, loss


@jax.jit
def classify(variables, images):
    return jax.vmap(lambda image: jnp.argmax(model.apply(variables, image)))(images)


def load_data():
    from sklearn.datasets import load_digits

    digits = load_digits()
    enlarged = np.kron(digits.images / 16.0, np.ones((1, 3, 3), np.float32))
    images = np.pad(enlarged, ((0, 0), (2, 2), (2, 2)))[:, :, :, np.newaxis]
    return np.asarray(images, np.float32), digits.target


def main():
    images, labels = load_data()
    rng = np.random.default_rng(3)
    order = rng.permutation(len(labels))
    test, train = np.split(order, [300])
    optimizer = create_optimizer()
    variables = model.init(jax.random.key(3), images[0])
    opt_state = optimizer.init(variables)
    for epoch in range(3):
        for rows in np.array_split(rng.permutation(train), 48):
            variables, opt_state, loss = train_step(optimizer, variables, opt_state, images[rows], labels[rows])
        print(epoch, float(loss), float((classify(variables, images[test]) == labels[test]).mean()))


if __name__ == "__main__":
    main()
