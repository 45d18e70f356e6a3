"""LeNet-5 closer to the paper of 1998: tanh units, Xavier initialisation, average pooling."""

import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

xavier = nnx.initializers.xavier_normal()


class Subsampling(nnx.Module):
    """S layer: the mean of each 2x2 patch."""

    def __call__(self, x):
        return nnx.avg_pool(x, (2, 2), (2, 2))


class LeNet5(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.c1 = nnx.Conv(1, 6, (5, 5), padding="SAME", kernel_init=xavier, rngs=rngs)
        self.s2 = Subsampling()
        self.c3 = nnx.Conv(6, 16, (5, 5), padding="VALID", kernel_init=xavier, rngs=rngs)
        self.s4 = Subsampling()
        self.c5 = nnx.Linear(400, 120, kernel_init=xavier, rngs=rngs)
        self.f6 = nnx.Linear(120, 84, kernel_init=xavier, rngs=rngs)
        self.f7 = nnx.Linear(84, 10, kernel_init=xavier, rngs=rngs)

    def __call__(self, x):
        x = self.s2(nnx.tanh(self.c1(x)))
        x = self.s4(nnx.tanh(self.c3(x)))
        x = x.reshape(x.shape[0], 400)
        x = nnx.tanh(self.c5(x))
        x = nnx.tanh(self.f6(x))
        return self.f7(x)


def criterion(logits, labels):
    log_probs = nnx.log_softmax(logits)
    return -jnp.mean(jnp.sum(nnx.one_hot(labels, 10) * log_probs, axis=1))


@nnx.jit
def train_step(model, optimizer, x, y):
    def objective(model):
        return criterion(model(x), y)

    loss, grads = nnx.value_and_grad(objective)(model)
    optimizer.update(model, grads)
    return loss


def accuracy(model, x, y):
    return float(jnp.mean(jnp.argmax(model(x), axis=1) == y))


class Digits:
    """scikit-learn's digits, enlarged threefold with a frame of two pixels."""

    def __init__(self, seed=0, held_out=297):
        from sklearn.datasets import load_digits

        raw = load_digits()
        images = np.zeros((len(raw.target), 28, 28, 1), np.float32)
        for i, small in enumerate(raw.images):
            images[i, 2:-2, 2:-2, 0] = np.kron(small, np.ones((3, 3))) / 16
        order = np.random.default_rng(seed).permutation(len(images))
        self.x_test, self.y_test = images[order[:held_out]], raw.target[order[:held_out]]
        self.x, self.y = images[order[held_out:]], raw.target[order[held_out:]]

    def epoch(self, rng, batch_size=50):
        order = rng.permutation(len(self.x))
        for i in range(0, len(order), batch_size):
            yield self.x[order[i : i + batch_size]], self.y[order[i : i + batch_size]]


if __name__ == "__main__":
    data = Digits()
    model = LeNet5(nnx.Rngs(1998))
    optimizer = nnx.Optimizer(model, optax.adam(3e-4), wrt=nnx.Param)
    rng = np.random.default_rng(1998)
    for epoch in range(4):
        for x, y in data.epoch(rng):
            loss = train_step(model, optimizer, x, y)
        print(f"epoch {epoch}: {float(loss):.4f}  {accuracy(model, data.x_test, data.y_test):.3f}")
