"""Regression with a two-hidden-layer perceptron in plain JAX.

Everything by hand: missing values, scaling, layers, a group penalty,
clipping by the global norm and momentum.
"""
import jax
import jax.numpy as jnp
import numpy as np
from jax import grad, jit, random, vmap
from sklearn.datasets import load_diabetes

layer_sizes = [11, 50, 50, 1]
step_size = 0.02
momentum_mass = 0.9
max_norm = 5.0  # bound on the norm of the whole gradient
group_strength = 1e-4
input_noise = 0.05
num_epochs = 20
batch_size = 40


def load_data(seed=0):
    """Diabetes data with a constant column (the device id) and 3 % of the cells missing."""
    x, y = load_diabetes(return_X_y=True, scaled=False)
    rng = np.random.RandomState(seed)
    x = np.concatenate([x, np.full((len(x), 1), 7.0)], axis=1)
    x[:, :10][rng.rand(len(x), 10) < 0.03] = np.nan
    order = rng.permutation(len(x))
    test, train = order[:90], order[90:]
    return x[train], y[train], x[test], y[test]


def column_statistics(x):
    mean, std = np.nanmean(x, axis=0), np.nanstd(x, axis=0)
    std = np.where(std > 0, std, 1.0)  # the constant column
    return mean, std


def preprocess(x, mean, std):
    x = np.where(np.isnan(x), mean, x)
    scale_column = lambda column, m, s: (column - m) / s
    return vmap(scale_column, in_axes=(1, 0, 0), out_axes=1)(x, mean, std)


def init_layer(key, m, n):
    w_key, b_key = random.split(key)
    return random.normal(w_key, (m, n)) * np.sqrt(2.0 / m), jnp.zeros(n)


def init_params(key):
    keys = random.split(key, len(layer_sizes) - 1)
    return [init_layer(k, m, n) for k, m, n in zip(keys, layer_sizes[:-1], layer_sizes[1:])]


def predict(params, inputs):
    activations = inputs
    for w, b in params[:-1]:
        activations = jax.nn.relu(jnp.dot(activations, w) + b)
    w, b = params[-1]
    return jnp.dot(activations, w)[:, 0] + b


def group_penalty(params):
    """Sum of the Euclidean norms of all arrays (group lasso)."""
    return sum(jnp.sqrt(jnp.sum(p ** 2) + 1e-12) for p in jax.tree.leaves(params))


def loss(params, batch):
    inputs, targets = batch
    preds = predict(params, inputs)
    return jnp.mean((preds - targets) ** 2) + group_strength * group_penalty(params)


@jit
def update(params, velocity, batch, key):
    inputs, targets = batch
    inputs = inputs + input_noise * random.normal(key, inputs.shape)
    grads = grad(loss)(params, (inputs, targets))
    norm = jnp.sqrt(sum(jnp.vdot(g, g) for g in jax.tree.leaves(grads)))
    factor = jnp.minimum(1.0, max_norm / jnp.maximum(norm, 1e-9))
    velocity = jax.tree.map(lambda v, g: momentum_mass * v + factor * g, velocity, grads)
    params = jax.tree.map(lambda p, v: p - step_size * v, params, velocity)
    return params, velocity


def data_stream(x, y, key):
    perm = np.asarray(random.permutation(key, len(x)))
    for i in range(0, len(x), batch_size):
        idx = perm[i:i + batch_size]
        yield x[idx], y[idx]


def evaluate(params, x, y, chunk=32):
    """Mean squared error over the data set."""
    total = 0.0
    for i in range(0, len(x), chunk):
        total += float(jnp.sum((predict(params, x[i:i + chunk]) - y[i:i + chunk]) ** 2))
    return total / len(x)


def main():
    x_train, y_train, x_test, y_test = load_data()
    mean, std = column_statistics(x_train)
    x_train, x_test = preprocess(x_train, mean, std), preprocess(x_test, mean, std)
    y_mean, y_std = y_train.mean(), y_train.std()
    y_train, y_test = (y_train - y_mean) / y_std, (y_test - y_mean) / y_std

    key, init_key = random.split(random.PRNGKey(0))
    params = init_params(init_key)
    velocity = jax.tree.map(jnp.zeros_like, params)
    for epoch in range(num_epochs):
        key, perm_key = random.split(key)
        for batch in data_stream(x_train, y_train, perm_key):
            key, noise_key = random.split(key)
            params, velocity = update(params, velocity, batch, noise_key)
        if epoch % 5 == 4:
            print(f"epoch {epoch + 1}: train mse {evaluate(params, x_train, y_train):.3f}, "
                  f"test mse {evaluate(params, x_test, y_test):.3f}")


if __name__ == "__main__":
    main()
