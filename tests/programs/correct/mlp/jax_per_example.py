"""A neural network from scratch in JAX: write it for one example, let vmap do the batch."""

import time

import jax.numpy as jnp
import numpy as np
from jax import grad, jit, random, vmap
from jax.scipy.special import logsumexp
from sklearn.datasets import load_breast_cancer

layer_sizes = [30, 64, 2]
step_size = 0.01
num_epochs = 20
batch_size = 32


def random_layer_params(n_in, n_out, key):
    """Weights scaled to keep the variance through a ReLU, biases at zero."""
    scale = jnp.sqrt(2.0 / n_in)
    w = scale * random.normal(key, (n_out, n_in))
    b = jnp.zeros((n_out,))
    return w, b


def init_network_params(sizes, key):
    keys = random.split(key, len(sizes) - 1)
    return [random_layer_params(m, n, k) for m, n, k in zip(sizes[:-1], sizes[1:], keys)]


def relu(x):
    return jnp.maximum(0, x)


def predict(params, features):
    """Log-probabilities of the classes for one example."""
    activations = features
    for w, b in params[:-1]:
        outputs = jnp.dot(w, activations) + b
        activations = relu(outputs)
    final_w, final_b = params[-1]
    logits = jnp.dot(final_w, activations) + final_b
    return logits - logsumexp(logits)


batched_predict = vmap(predict, in_axes=(None, 0))


def loss(params, inputs, targets):
    """Targets are one-hot rows."""
    preds = batched_predict(params, inputs)
    return -jnp.mean(jnp.sum(preds * targets, axis=1))


@jit
def update(params, x, y):
    grads = grad(loss)(params, x, y)
    return [(w - step_size * dw, b - step_size * db) for (w, b), (dw, db) in zip(params, grads)]


def one_hot(x, k, dtype=jnp.float32):
    return jnp.array(x[:, None] == jnp.arange(k), dtype)


def accuracy(params, inputs, targets):
    target_class = jnp.argmax(targets, axis=1)
    predicted_class = jnp.argmax(batched_predict(params, inputs), axis=1)
    return jnp.mean(predicted_class == target_class)


if __name__ == "__main__":
    x, y = load_breast_cancer(return_X_y=True)
    shuffle = np.random.RandomState(0).permutation(len(x))
    x, y = x[shuffle], one_hot(y[shuffle], 2)
    x_train, y_train, x_test, y_test = x[:450], y[:450], x[450:], y[450:]
    center, spread = x_train.mean(0), x_train.std(0)
    x_train, x_test = (x_train - center) / spread, (x_test - center) / spread

    params = init_network_params(layer_sizes, random.PRNGKey(0))
    for epoch in range(num_epochs):
        start = time.time()
        order = np.random.RandomState(epoch).permutation(len(x_train))
        for i in range(0, len(x_train), batch_size):
            batch = order[i : i + batch_size]
            params = update(params, x_train[batch], y_train[batch])
        print(f"Epoch {epoch} in {time.time() - start:0.2f} sec")
        print(f"  train {accuracy(params, x_train, y_train):.3f}  test {accuracy(params, x_test, y_test):.3f}")
