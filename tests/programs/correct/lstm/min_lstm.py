"""
Minimal LSTM sequence classifier, in the spirit of min-char-rnn. Only jax.numpy.
One sequence at a time; vmap makes the batch. The model outputs probabilities.
"""
import jax
import jax.numpy as jnp
from jax import random, grad, jit, vmap

# hyperparameters
input_size = 2
hidden_size = 36
num_classes = 4
learning_rate = 1e-2


def init_params(key, n_in=input_size, n_h=hidden_size, n_out=num_classes):
    ks = random.split(key, 5)
    n_z = n_h + n_in
    xavier = lambda k, a, b: random.normal(k, (a, b)) * jnp.sqrt(2.0 / (a + b))
    return dict(
        Wf=xavier(ks[0], n_h, n_z), bf=jnp.ones((n_h, 1)),
        Wi=xavier(ks[1], n_h, n_z), bi=jnp.zeros((n_h, 1)),
        Wc=xavier(ks[2], n_h, n_z), bc=jnp.zeros((n_h, 1)),
        Wo=xavier(ks[3], n_h, n_z), bo=jnp.zeros((n_h, 1)),
        Wy=xavier(ks[4], n_out, n_h), by=jnp.zeros((n_out, 1)),
    )


def sigmoid(a):
    return 0.5 * (jnp.tanh(0.5 * a) + 1.0)


def softmax(y):
    e = jnp.exp(y - jnp.max(y))
    return e / jnp.sum(e)


def forward_one(p, xs):
    """xs is (T, n_in); columns vectors all the way. Returns (n_out,) probabilities."""
    h = jnp.zeros_like(p["bf"])
    c = jnp.zeros_like(p["bf"])
    for t in range(xs.shape[0]):
        x = xs[t].reshape(-1, 1)
        z = jnp.vstack((h, x))                       # (n_h + n_in, 1)
        f = sigmoid(jnp.dot(p["Wf"], z) + p["bf"])
        i = sigmoid(jnp.dot(p["Wi"], z) + p["bi"])
        c_bar = jnp.tanh(jnp.dot(p["Wc"], z) + p["bc"])
        o = sigmoid(jnp.dot(p["Wo"], z) + p["bo"])
        c = f * c + i * c_bar
        h = o * jnp.tanh(c)
    y = jnp.dot(p["Wy"], h) + p["by"]
    return softmax(y.ravel())


def forward(p, X):
    return vmap(forward_one, in_axes=(None, 0))(p, X)


params = init_params(random.PRNGKey(42))


def loss(p, X, Y):
    probs = forward(p, X)
    correct = probs[jnp.arange(Y.shape[0]), Y]
    return -jnp.mean(jnp.log(correct + 1e-8))


@jit
def update(p, mem, X, Y):
    """One step of Adagrad."""
    dp = grad(loss)(p, X, Y)
    mem = jax.tree.map(lambda m, d: m + d * d, mem, dp)
    p = jax.tree.map(lambda w, d, m: w - learning_rate * d / jnp.sqrt(m + 1e-8), p, dp, mem)
    return p, mem


if __name__ == "__main__":
    mem = jax.tree.map(jnp.zeros_like, params)
    for n in range(200):
        key = random.PRNGKey(n)
        X = random.normal(key, (16, 20, input_size))
        Y = jnp.clip(jnp.floor(X[:, :, 0].mean(1) * 4 + 2), 0, 3).astype(int)
        params, mem = update(params, mem, X, Y)
        if n % 20 == 0:
            print("iter %d, loss: %f" % (n, loss(params, X, Y)))
