"""A multilayer perceptron as one nnx.Sequential, trained on dictionaries of arrays."""

from functools import partial

import jax
import numpy as np
import optax
from flax import nnx
from sklearn import datasets, preprocessing

BATCH = 64
LEARNING_RATE = 1e-3

Dense = partial(nnx.Linear, kernel_init=jax.nn.initializers.he_normal(), bias_init=jax.nn.initializers.zeros)


class MLP(nnx.Module):
    def __init__(self, din: int, dmid: int, dout: int, rngs: nnx.Rngs):
        self.layers = nnx.Sequential(
            Dense(din, dmid, rngs=rngs),
            jax.nn.relu,
            Dense(dmid, dout, rngs=rngs),
        )

    def __call__(self, x):
        return self.layers(x)


def loss_fn(model, batch):
    logits = model(batch["x"])
    one_hot = jax.nn.one_hot(batch["y"], logits.shape[-1])
    per_example = optax.softmax_cross_entropy(logits, one_hot)
    loss = per_example.mean()
    return loss, logits


@nnx.jit
def train_step(model: MLP, optimizer: nnx.Optimizer, batch):
    grad_fn = nnx.value_and_grad(loss_fn, has_aux=True)
    (loss, logits), grads = grad_fn(model, batch)
    optimizer.update(model, grads)
    return loss, logits


def get_batches(x, y, batch_size, seed):
    permutation = np.random.default_rng(seed).permutation(len(x))
    for i in range(0, len(x), batch_size):
        index = permutation[i : i + batch_size]
        yield {"x": x[index], "y": y[index]}


def evaluate(model, x, y):
    return float((model(x).argmax(-1) == y).mean())


if __name__ == "__main__":
    data = datasets.load_breast_cancer()
    x, y = data.data.astype(np.float32), data.target.astype(np.int32)
    scaler = preprocessing.StandardScaler().fit(x[:400])
    x = scaler.transform(x)
    x_train, y_train, x_test, y_test = x[:400], y[:400], x[400:], y[400:]

    net = MLP(din=30, dmid=64, dout=2, rngs=nnx.Rngs(params=42))
    optimizer = nnx.Optimizer(net, optax.adam(LEARNING_RATE), wrt=nnx.Param)
    for epoch in range(30):
        for batch in get_batches(x_train, y_train, BATCH, seed=epoch):
            loss, _ = train_step(net, optimizer, batch)
        print(f"epoch {epoch:2d}  loss {float(loss):.4f}  test accuracy {evaluate(net, x_test, y_test):.3f}")
