"""All-convolutional but for the last layer: 16 and 32 maps, max pooling, one dense layer on top (Linen)."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from flax.training import train_state


class ShallowNet(nn.Module):
    classes: int
    width: int = 16

    def setup(self):
        self.conv1 = nn.Conv(self.width, (5, 5), kernel_init=nn.initializers.he_normal())
        self.conv2 = nn.Conv(2 * self.width, (5, 5), kernel_init=nn.initializers.he_normal())
        self.readout = nn.Dense(self.classes, kernel_init=nn.initializers.he_normal())

    def __call__(self, x):
        x = self.stage(self.conv1, x)
        x = self.stage(self.conv2, x)
        x = x.reshape((x.shape[0], 7 * 7 * 2 * self.width))
        return self.readout(x)

    @staticmethod
    def stage(conv, x):
        x = conv(x)
        x = nn.relu(x)
        return nn.max_pool(x, (2, 2), (2, 2))


model = ShallowNet(classes=10)


def loss_fn(params, batch):
    logits = model.apply({"params": params}, batch["image"])
    return optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"]).mean()


@jax.jit
def train_step(state, batch):
    loss, grads = jax.value_and_grad(loss_fn)(state.params, batch)
    return state.apply_gradients(grads=grads), loss


@jax.jit
def accuracy(params, batch):
    logits = model.apply({"params": params}, batch["image"])
    return (jnp.argmax(logits, axis=-1) == batch["label"]).mean()


def make_state(key):
    params = model.init(key, jnp.zeros((1, 28, 28, 1)))["params"]
    return train_state.TrainState.create(apply_fn=model.apply, params=params, tx=optax.adam(1e-3))


def split_digits(seed):
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    images = np.kron(digits.images / 16, np.ones((3, 3)))
    images = np.pad(images, ((0, 0), (2, 2), (2, 2)))[..., None].astype(np.float32)
    labels = digits.target
    x, x_test, y, y_test = train_test_split(images, labels, test_size=0.2, stratify=labels, random_state=seed)
    return {"image": x, "label": y}, {"image": x_test, "label": y_test}


if __name__ == "__main__":
    train, test = split_digits(seed=0)
    state = make_state(jax.random.key(0))
    rng = np.random.default_rng(0)
    for epoch in range(2):
        for rows in np.array_split(rng.permutation(len(train["label"])), 45):
            state, loss = train_step(state, jax.tree.map(lambda array: array[rows], train))
        print(f"epoch {epoch}: loss {loss:.4f}, test accuracy {accuracy(state.params, test):.4f}")
