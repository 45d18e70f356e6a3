"""MLP with batch normalisation before the activation (NNX), switched by model.train() and model.eval()."""

import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from sklearn.datasets import load_breast_cancer


class NormalizedMLP(nnx.Module):
    def __init__(self, in_features: int = 30, hidden: int = 64, num_classes: int = 2, *, rngs: nnx.Rngs):
        he = nnx.initializers.he_normal()
        self.dense = nnx.Linear(in_features, hidden, kernel_init=he, rngs=rngs)
        self.norm = nnx.BatchNorm(hidden, momentum=0.9, epsilon=1e-5, rngs=rngs)
        self.head = nnx.Linear(hidden, num_classes, kernel_init=he, rngs=rngs)

    def __call__(self, x):
        x = self.dense(x)
        x = self.norm(x)
        x = nnx.relu(x)
        return self.head(x)


def loss_fn(model: NormalizedMLP, x, y):
    logits = model(x)
    loss = optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()
    return loss, logits


@nnx.jit
def train_step(model: NormalizedMLP, optimizer: nnx.Optimizer, metrics: nnx.MultiMetric, x, y):
    (loss, logits), grads = nnx.value_and_grad(loss_fn, has_aux=True)(model, x, y)
    metrics.update(loss=loss, logits=logits, labels=y)
    optimizer.update(model, grads)


@nnx.jit
def eval_step(model: NormalizedMLP, metrics: nnx.MultiMetric, x, y):
    loss, logits = loss_fn(model, x, y)
    metrics.update(loss=loss, logits=logits, labels=y)


def standardized():
    x, y = load_breast_cancer(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    x, y = x[order], y[order].astype(np.int32)
    x = (x - x[:426].mean(axis=0)) / x[:426].std(axis=0)
    return x[:426].astype(np.float32), y[:426], x[426:].astype(np.float32), y[426:]


def main():
    x_train, y_train, x_test, y_test = standardized()
    model = NormalizedMLP(rngs=nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
    metrics = nnx.MultiMetric(loss=nnx.metrics.Average("loss"), accuracy=nnx.metrics.Accuracy())
    rng = np.random.default_rng(0)
    for epoch in range(20):
        model.train()
        for rows in np.array_split(rng.permutation(len(x_train)), 13):
            train_step(model, optimizer, metrics, x_train[rows], y_train[rows])
        metrics.reset()
        model.eval()
        eval_step(model, metrics, x_test, y_test)
        print(epoch, {name: float(jnp.asarray(value)) for name, value in metrics.compute().items()})
        metrics.reset()


if __name__ == "__main__":
    main()
