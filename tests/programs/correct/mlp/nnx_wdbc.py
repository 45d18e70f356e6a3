"""Breast cancer (WDBC) with a tiny NNX network."""
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

FEATURES, HIDDEN, CLASSES = 30, 64, 2


def build(rngs):
    return nnx.Sequential(
        nnx.Linear(FEATURES, HIDDEN, kernel_init=nnx.initializers.he_normal(), rngs=rngs),
        nnx.relu,
        nnx.Linear(HIDDEN, CLASSES, rngs=rngs),
    )


class TumourNet(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.body = build(rngs)

    def __call__(self, features):
        return self.body(features)


def standardise(train, other):
    mean, std = train.mean(0), train.std(0) + 1e-8
    return (train - mean) / std, (other - mean) / std


def loss_fn(model: TumourNet, features, labels):
    logits = model(features)
    logprobs = nnx.log_softmax(logits, axis=-1)
    picked = jnp.take_along_axis(logprobs, labels[:, None], axis=-1)
    return -picked.squeeze(-1).mean()


def make_optimizer():
    return optax.adam(learning_rate=3e-4)


@nnx.jit
def train_step(model, optimizer, features, labels):
    value, grads = nnx.value_and_grad(loss_fn)(model, features, labels)
    optimizer.update(model, grads)
    return value


if __name__ == "__main__":
    from sklearn.datasets import load_breast_cancer

    X, y = load_breast_cancer(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(X))
    cut = int(0.8 * len(X))
    Xtr, Xte = standardise(X[order[:cut]], X[order[cut:]])
    ytr = y[order[:cut]]
    model = TumourNet(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, make_optimizer(), wrt=nnx.Param)
    for epoch in range(5):
        for i in range(0, cut, 32):
            value = train_step(model, optimizer, jnp.asarray(Xtr[i:i + 32], jnp.float32),
                               jnp.asarray(ytr[i:i + 32]))
        print(epoch, value)
