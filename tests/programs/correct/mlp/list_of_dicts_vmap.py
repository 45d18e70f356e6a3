# Adapted from the "training a simple neural network" notebook
import jax
import jax.numpy as jnp
from jax import grad, jit, random, vmap
from jax.scipy.special import logsumexp
import optax

layer_sizes = [30, 64, 2]
n_targets = 2


# A helper function to randomly initialize weights and biases for a dense layer
def random_layer_params(m, n, key):
    w_key, b_key = random.split(key)
    scale = jnp.sqrt(2.0 / m)
    return {"w": scale * random.normal(w_key, (n, m)),
            "b": 0.01 * random.normal(b_key, (n,))}


def init_network_params(key, sizes=layer_sizes):
    keys = random.split(key, len(sizes) - 1)
    return [random_layer_params(m, n, k) for m, n, k in zip(sizes[:-1], sizes[1:], keys)]


def relu(x):
    return jnp.maximum(0, x)


def predict_single(params, features):
    # per-example predictions
    activations = features
    for layer in params[:-1]:
        outputs = jnp.dot(layer["w"], activations) + layer["b"]
        activations = relu(outputs)
    final = params[-1]
    logits = jnp.dot(final["w"], activations) + final["b"]
    return logits - logsumexp(logits)


# vmap'd version of `predict`
predict = vmap(predict_single, in_axes=(None, 0))


def one_hot(x, k, dtype=jnp.float32):
    """Create a one-hot encoding of x of size k."""
    return jnp.array(x[:, None] == jnp.arange(k), dtype)


def loss(params, x, y):
    targets = one_hot(y, n_targets)
    preds = predict(params, x)
    return -jnp.sum(targets * preds) / x.shape[0]


opt = optax.sgd(1e-2)


@jit
def update(params, opt_state, x, y):
    grads = grad(loss)(params, x, y)
    updates, opt_state = opt.update(grads, opt_state)
    return optax.apply_updates(params, updates), opt_state


if __name__ == "__main__":
    params = init_network_params(random.key(0))
    opt_state = opt.init(params)
    x = random.normal(random.key(1), (256, 30))
    y = (x[:, 0] > 0).astype(jnp.int32)
    for epoch in range(8):
        params, opt_state = update(params, opt_state, x, y)
        acc = jnp.mean(jnp.argmax(predict(params, x), axis=1) == y)
        print(epoch, loss(params, x, y), acc)
