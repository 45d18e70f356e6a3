"""LeNet with max pooling; the rectifier comes after the pooling, where it has a quarter of the numbers to treat."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


class Convolution(nnx.Module):
    """relu(max_pool(conv(x))): the order of the last two does not matter for the result."""

    def __init__(self, cin: int, cout: int, padding: str, rngs: nnx.Rngs):
        self.conv = nnx.Conv(cin, cout, (5, 5), padding=padding, kernel_init=nnx.initializers.he_normal(), rngs=rngs)

    def __call__(self, x):
        x = self.conv(x)
        x = nnx.max_pool(x, (2, 2), strides=(2, 2))
        return nnx.relu(x)


class Dense(nnx.Module):
    def __init__(self, din: int, dout: int, rngs: nnx.Rngs):
        self.linear = nnx.Linear(din, dout, kernel_init=nnx.initializers.he_normal(), rngs=rngs)

    def __call__(self, x):
        return nnx.relu(self.linear(x))


class MaxPoolLeNet(nnx.Module):
    def __init__(self, seed: int = 0):
        rngs = nnx.Rngs(seed)
        self.conv1 = Convolution(1, 6, "SAME", rngs)
        self.conv2 = Convolution(6, 16, "VALID", rngs)
        self.dense1 = Dense(400, 120, rngs)
        self.dense2 = Dense(120, 84, rngs)
        self.logits = nnx.Linear(84, 10, kernel_init=nnx.initializers.he_normal(), rngs=rngs)

    def __call__(self, x):
        x = self.conv2(self.conv1(x))
        x = jax.lax.collapse(x, 1)
        x = self.dense2(self.dense1(x))
        return self.logits(x)


def loss_fn(model, images, labels):
    log_p = jax.nn.log_softmax(model(images))
    return -jnp.mean(log_p[jnp.arange(len(labels)), labels])


@nnx.jit
def train_step(model, optimizer, images, labels):
    loss, grads = nnx.value_and_grad(loss_fn)(model, images, labels)
    optimizer.update(model, grads)
    return loss


def build(seed=0, learning_rate=1e-3):
    model = MaxPoolLeNet(seed)
    return model, nnx.Optimizer(model, optax.adam(learning_rate), wrt=nnx.Param)


def get_digits():
    from sklearn.datasets import load_digits

    digits = load_digits()
    x = np.pad(np.kron(digits.images, np.ones((3, 3))), ((0, 0), (2, 2), (2, 2)))
    return np.float32(x[..., None] / 16), digits.target


def main():
    x, y = get_digits()
    shuffle = np.random.default_rng(0)
    order = shuffle.permutation(len(y))
    train, test = order[:1500], order[1500:]
    model, optimizer = build()
    for epoch in range(3):
        for rows in np.array_split(shuffle.permutation(train), 47):
            loss = train_step(model, optimizer, x[rows], y[rows])
        print(epoch, float(loss), float((model(x[test]).argmax(1) == y[test]).mean()))


if __name__ == "__main__":
    main()
