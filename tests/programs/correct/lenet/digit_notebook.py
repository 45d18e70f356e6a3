# %% [markdown]
# # Digit Recognizer - LeNet from scratch in JAX
# cuda-convnet layout (C, H, W, N): the batch is the fastest axis.

# %%
import numpy as np
import jax, jax.numpy as jnp
from jax import lax

EPS = 1e-9
LR = 1e-3

# %%
def preprocess(raw):
    """uint8 pixels -> float in [0, 1], NHWC"""
    raw = np.asarray(raw)
    return raw.reshape(-1, 28, 28, 1).astype(np.float32) / 255.0

# %%
def init_params(key):
    ks = iter(jax.random.split(key, 5))
    he = lambda shape, fan_in: jax.random.normal(next(ks), shape) * np.sqrt(2.0 / fan_in)
    P = {}
    P["W1"], P["b1"] = he((1, 5, 5, 8), 25), jnp.zeros(8)
    P["W2"], P["b2"] = he((8, 5, 5, 10), 8 * 25), jnp.zeros(10)
    P["W3"], P["b3"] = he((100, 250), 250), jnp.zeros(100)
    P["W4"], P["b4"] = he((64, 100), 100), jnp.zeros(64)
    P["W5"], P["b5"] = he((10, 64), 64), jnp.zeros(10)
    return P

# %%
def conv(x, w, pad):
    dn = lax.conv_dimension_numbers(x.shape, w.shape, ("CHWN", "IHWO", "CHWN"))
    return lax.conv_general_dilated(x, w, (1, 1), [(pad, pad), (pad, pad)], dimension_numbers=dn)

def pool(x):
    # split every 2x2 tile into its own axes and reduce over them
    c, h, w, n = x.shape
    tiles = x.reshape(c, h // 2, 2, w // 2, 2, n)
    return tiles.max(axis=(2, 4))

relu = lambda z: jnp.maximum(z, 0)

def softmax_rows(z):
    z = z - z.max(axis=1, keepdims=True)
    e = jnp.exp(z)
    return e / e.sum(axis=1, keepdims=True)

def forward(P, X):
    """X: (N, 28, 28, 1) in [0, 1] -> class probabilities (N, 10)"""
    n = X.shape[0]
    a0 = jnp.asarray(X, jnp.float32)
    a0 = a0.transpose(3, 1, 2, 0)
    z1 = conv(a0, P["W1"], pad=2) + P["b1"][:, None, None, None]
    a1 = pool(relu(z1))
    z2 = conv(a1, P["W2"], pad=0) + P["b2"][:, None, None, None]
    a2 = pool(relu(z2))
    flat = a2.reshape(-1, n)
    h3 = relu(P["W3"] @ flat + P["b3"][:, None])
    h4 = relu(P["W4"] @ h3 + P["b4"][:, None])
    z5 = P["W5"] @ h4 + P["b5"][:, None]
    scores = z5.T
    probs = softmax_rows(scores)
    return probs

# %%
def cross_entropy(P, X, y):
    probs = forward(P, X)
    p_true = probs[jnp.arange(len(y)), y]
    nll = -jnp.log(p_true + EPS)
    return jnp.mean(nll)

# %%
@jax.jit
def step(P, X, y):
    value, g = jax.value_and_grad(cross_entropy)(P, X, y)
    P = {k: P[k] - LR * g[k] for k in P}
    return P, value

def accuracy(P, X, y):
    return (forward(P, X).argmax(1) == y).mean()
