# %% [markdown]
# ## Two hidden layers, probabilities out, log loss by hand
# %%
import jax
import jax.numpy as jnp
import numpy as np
import optax

# %%
rng = jax.random.PRNGKey(123)
sizes = dict(n_feat=30, n_h1=32, n_h2=16, n_cls=2)


def glorot(k, n_in, n_out):
    lim = np.sqrt(6 / (n_in + n_out))
    return jax.random.uniform(k, (n_in, n_out), minval=-lim, maxval=lim)


def init(k):
    ka, kb, kc = jax.random.split(k, 3)
    return {
        "w1": glorot(ka, sizes["n_feat"], sizes["n_h1"]), "b1": jnp.zeros(sizes["n_h1"]),
        "w2": glorot(kb, sizes["n_h1"], sizes["n_h2"]), "b2": jnp.zeros(sizes["n_h2"]),
        "w3": glorot(kc, sizes["n_h2"], sizes["n_cls"]), "b3": jnp.zeros(sizes["n_cls"]),
    }


params = init(rng)


# %%
def apply(p, x):
    h1 = jax.nn.relu(x @ p["w1"] + p["b1"])
    h2 = jax.nn.relu(h1 @ p["w2"] + p["b2"])
    scores = h2 @ p["w3"] + p["b3"]
    return jax.nn.softmax(scores)


# %%
def loss_fn(p, x, y):
    probs = apply(p, x)
    p_true = probs[jnp.arange(y.shape[0]), y]
    p_true = jnp.maximum(p_true, 1e-7)
    return -jnp.mean(jnp.log(p_true))


# %%
optimizer = optax.rmsprop(1e-3)


@jax.jit
def train_step(p, opt_state, x, y):
    val, grads = jax.value_and_grad(loss_fn)(p, x, y)
    updates, opt_state = optimizer.update(grads, opt_state, p)
    p = optax.apply_updates(p, updates)
    return p, opt_state, val


# %%
if __name__ == "__main__":
    X = np.random.default_rng(0).normal(size=(200, 30)).astype("float32")
    Y = (X[:, 0] * X[:, 1] > 0).astype("int32")
    opt_state = optimizer.init(params)
    for epoch in range(10):
        params, opt_state, val = train_step(params, opt_state, X, Y)
        print(epoch, float(val))
