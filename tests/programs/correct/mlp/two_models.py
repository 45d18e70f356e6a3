"""Does a hidden layer help? Logistic regression and an MLP side by side on the same table."""

import argparse

import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


class LogisticRegression(nnx.Module):
    def __init__(self, n_features=30, n_classes=2, seed=0):
        self.linear = nnx.Linear(n_features, n_classes, rngs=nnx.Rngs(seed))

    def __call__(self, x):
        return self.linear(x)


class MultilayerPerceptron(nnx.Module):
    def __init__(self, n_features=30, n_hidden=64, n_classes=2, seed=0):
        rngs = nnx.Rngs(seed)
        self.inner = nnx.Linear(n_features, n_hidden, kernel_init=nnx.initializers.kaiming_uniform(), rngs=rngs)
        self.outer = nnx.Linear(n_hidden, n_classes, kernel_init=nnx.initializers.kaiming_uniform(), rngs=rngs)

    def __call__(self, x):
        hidden = self.inner(x)
        hidden = jnp.maximum(hidden, jnp.zeros_like(hidden))
        return self.outer(hidden)


MODELS = {"logistic": LogisticRegression, "mlp": MultilayerPerceptron}


def cross_entropy(logits, labels):
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


@nnx.jit
def train_step(model, optimizer, x, labels):
    def closure(model):
        logits = model(x)
        return cross_entropy(logits, labels)

    loss, grads = nnx.value_and_grad(closure)(model)
    optimizer.update(model, grads)
    return loss


def prepare():
    from sklearn.datasets import load_breast_cancer

    x, labels = load_breast_cancer(return_X_y=True)
    shuffle = np.random.RandomState(0).permutation(len(labels))
    x, labels = x[shuffle], labels[shuffle]
    x = (x - x[:400].mean(axis=0)) / x[:400].std(axis=0)
    return x.astype(np.float32), labels.astype(np.int32)


def run(name, epochs, seed):
    x, labels = prepare()
    model = MODELS[name](seed=seed)
    optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
    rng = np.random.RandomState(seed)
    for _ in range(epochs):
        for rows in np.array_split(rng.permutation(400), 12):
            train_step(model, optimizer, x[rows], labels[rows])
    return float((model(x[400:]).argmax(-1) == labels[400:]).mean())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    for name in MODELS:
        scores = [run(name, arguments.epochs, seed) for seed in range(arguments.seeds)]
        print(f"{name:>10}: {np.mean(scores):.4f} +- {np.std(scores):.4f}")
