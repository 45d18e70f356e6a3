# %% Breast cancer, a neural net from scratch (notebook export)
import jax
import jax.numpy as np
import jax.random as jr

n_features, n_hidden, n_classes = 30, 48, 2
alpha = 0.1

# %% parameters
def make_layer(key, fan_in, fan_out):
    W = jr.normal(key, (fan_in, fan_out)) * np.sqrt(2.0 / fan_in)
    return {"W": W, "b": np.zeros((1, fan_out))}


def init_params(key=jr.PRNGKey(0)):
    k1, k2 = jr.split(key)
    return [make_layer(k1, n_features, n_hidden), make_layer(k2, n_hidden, n_classes)]


params = init_params()

# %% the network
def relu(z):
    return np.where(z > 0, z, 0.0)


def forward(p, X):
    hidden, output = p
    Z1 = np.dot(X, hidden["W"]) + hidden["b"]
    A1 = relu(Z1)
    Z2 = np.dot(A1, output["W"]) + output["b"]
    return Z2


def log_probabilities(Z):
    biggest = np.max(Z, axis=1, keepdims=True)
    return Z - biggest - np.log(np.sum(np.exp(Z - biggest), axis=1, keepdims=True))


# %% cost
def loss(p, X, y):
    logp = log_probabilities(forward(p, X))
    correct = np.take_along_axis(logp, y[:, None], axis=1)
    return -np.mean(correct)


@jax.jit
def update(p, X, y):
    g = jax.grad(loss)(p, X, y)
    return jax.tree.map(lambda w, dw: w - alpha * dw, p, g)


def accuracy(p, X, y):
    return np.mean(np.argmax(forward(p, X), axis=1) == y)


# %% run
if __name__ == "__main__":
    from sklearn.datasets import load_breast_cancer
    X, y = load_breast_cancer(return_X_y=True)
    train, test = slice(0, 400), slice(400, None)
    mu, sd = X[train].mean(0), X[train].std(0)
    X = np.asarray((X - mu) / sd, dtype=np.float32)
    y = np.asarray(y)
    for epoch in range(300):
        params = update(params, X[train], y[train])
        if epoch % 50 == 0:
            print(epoch, loss(params, X[train], y[train]), accuracy(params, X[test], y[test]))
