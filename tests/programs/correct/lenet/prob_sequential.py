# LeNet as a keras-like Sequential with a softmax at the end,
# categorical cross entropy is taken on the probabilities.
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

EPS = 1e-7
he = nnx.initializers.he_normal()


def pool(x):
    return nnx.avg_pool(x, window_shape=(2, 2), strides=(2, 2))


def flatten(x):
    return x.reshape(x.shape[0], -1)


class Baseline(nnx.Module):
    """softmax regression, only to compare with"""

    def __init__(self, *, rngs):
        self.lin = nnx.Linear(784, 10, rngs=rngs)

    def __call__(self, x):
        return nnx.softmax(self.lin(flatten(x)))


class LeNet5(nnx.Module):
    def __init__(self, *, rngs):
        self.net = nnx.Sequential(
            nnx.Conv(1, 6, (5, 5), padding=2, kernel_init=he, rngs=rngs),
            nnx.relu,
            pool,
            nnx.Conv(6, 16, (5, 5), padding=0, kernel_init=he, rngs=rngs),
            nnx.relu,
            pool,
            flatten,
            nnx.Linear(400, 120, kernel_init=he, rngs=rngs),
            nnx.relu,
            nnx.Linear(120, 84, kernel_init=he, rngs=rngs),
            nnx.relu,
            nnx.Linear(84, 10, rngs=rngs),
        )

    def __call__(self, x):
        if x.ndim == 3:
            x = x[..., None]
        scores = self.net(x)
        return nnx.softmax(scores, axis=-1)


def cross_entropy(probs, labels):
    """probs (n, 10), labels (n,) ints"""
    onehot = jnp.eye(10)[labels]
    probs = jnp.clip(probs, EPS, 1.0 - EPS)
    return -jnp.mean(jnp.sum(onehot * jnp.log(probs), axis=1))


class Trainer:
    def __init__(self, model, lr=1e-3):
        self.model = model
        self.opt = nnx.Optimizer(model, optax.adam(lr), wrt=nnx.Param)

    def fit_batch(self, images, labels):
        return train_step(self.model, self.opt, images, labels)


@nnx.jit
def train_step(model, opt, images, labels):
    def objective(m):
        return cross_entropy(m(images), labels)

    loss, grads = nnx.value_and_grad(objective)(model)
    opt.update(model, grads)
    return loss


if __name__ == "__main__":
    trainer = Trainer(LeNet5(rngs=nnx.Rngs(params=0)))
    imgs = np.random.default_rng(0).random((32, 28, 28, 1), dtype=np.float32)
    for _ in range(5):
        print(float(trainer.fit_batch(jnp.asarray(imgs), jnp.arange(32) % 10)))
