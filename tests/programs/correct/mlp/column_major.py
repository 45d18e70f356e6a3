"""Neural network in the notation of the lecture notes: examples are columns.

    Z1 = W1 X + b1,  A1 = relu(Z1),  Z2 = W2 A1 + b2
"""
import jax
import jax.numpy as jnp
import optax
from collections import namedtuple

Params = namedtuple("Params", "W1 b1 W2 b2")

N_IN, N_HID, N_OUT = 30, 64, 2


def init_params(key, n_in=N_IN, n_hid=N_HID, n_out=N_OUT):
    key1, key2 = jax.random.split(key)
    W1 = jax.random.normal(key1, (n_hid, n_in)) * (2.0 / n_in) ** 0.5
    W2 = jax.random.normal(key2, (n_out, n_hid)) * (1.0 / n_hid) ** 0.5
    return Params(W1=W1, b1=jnp.zeros((n_hid, 1)), W2=W2, b2=jnp.zeros((n_out, 1)))


@jax.jit
def forward(params, x):
    X = x.T                                            # (n_in, m)
    Z1 = jnp.einsum("hi,im->hm", params.W1, X) + params.b1
    A1 = jax.nn.relu(Z1)
    Z2 = jnp.einsum("oh,hm->om", params.W2, A1) + params.b2
    return Z2.T


def softmax(z):
    shifted = z - jnp.max(z, axis=1, keepdims=True)
    e = jnp.exp(shifted)
    return e / jnp.sum(e, axis=1, keepdims=True)


def loss_fn(params, x, y):
    m = y.shape[0]
    probs = softmax(forward(params, x))
    Y = jax.nn.one_hot(y, N_OUT)
    ce = -jnp.sum(Y * jnp.log(probs + 1e-8), axis=1)
    return jnp.sum(ce) / m


tx = optax.adam(3e-4)


@jax.jit
def train_step(params, opt_state, x, y):
    loss, g = jax.value_and_grad(loss_fn)(params, x, y)
    delta, opt_state = tx.update(g, opt_state, params)
    return optax.apply_updates(params, delta), opt_state, loss


def accuracy(logits, labels):
    return jnp.mean(logits.argmax(1) == labels)


if __name__ == "__main__":
    x = jax.random.normal(jax.random.PRNGKey(3), (100, N_IN))
    y = (x.sum(1) > 0).astype(int)
    params = init_params(jax.random.PRNGKey(0))
    opt_state = tx.init(params)
    for it in range(20):
        params, opt_state, loss = train_step(params, opt_state, x, y)
    print("final loss", loss, "accuracy", accuracy(forward(params, x), y))
