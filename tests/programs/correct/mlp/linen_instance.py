"""A Linen Sequential made at module level; the data are read on import so that a notebook can play with them."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from sklearn.datasets import load_breast_cancer

np.random.seed(0)
X, y = load_breast_cancer(return_X_y=True)
permutation = np.random.permutation(len(X))
X, y = X[permutation], y[permutation]
X_train, X_test = X[:460], X[460:]
y_train, y_test = y[:460], y[460:]
X_mean, X_std = X_train.mean(axis=0), X_train.std(axis=0)
X_train = (X_train - X_mean) / X_std
X_test = (X_test - X_mean) / X_std
print(f"{len(X_train)} examples to train on, {len(X_test)} to test on, {y.mean():.0%} benign")

model = nn.Sequential(
    [
        nn.Dense(64, kernel_init=nn.initializers.he_normal()),
        nn.relu,
        nn.Dense(2, kernel_init=nn.initializers.he_normal()),
    ]
)


def loss_fn(params, apply_fn, x, y):
    logits = apply_fn(params, x)
    return jnp.mean(optax.softmax_cross_entropy(logits, jax.nn.one_hot(y, num_classes=2)))


tx = optax.adam(learning_rate=3e-4)


@jax.jit
def train_step(params, opt_state, x, y):
    loss, grads = jax.value_and_grad(loss_fn)(params, model.apply, x, y)
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss


def evaluate(params, x, y):
    return jnp.mean(model.apply(params, x).argmax(axis=1) == y)


def train(num_epochs, batch_size=32):
    params = model.init(jax.random.key(0), X_train[:1])
    opt_state = tx.init(params)
    for epoch in range(num_epochs):
        rows = np.random.permutation(len(X_train))
        for start in range(0, len(rows), batch_size):
            chosen = rows[start : start + batch_size]
            params, opt_state, loss = train_step(params, opt_state, X_train[chosen], y_train[chosen])
        print(f"epoch {epoch + 1:3d}: loss {loss:.4f}  test accuracy {evaluate(params, X_test, y_test):.4f}")
    return params


if __name__ == "__main__":
    train(num_epochs=60)
