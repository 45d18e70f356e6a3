# coding: utf-8
# Exported from LSTM_from_first_principles.ipynb

# In[1]:
from typing import NamedTuple
from functools import partial
import jax, optax
import jax.numpy as np
from jax import random, vmap, jit, grad


# In[2]: parameters. One matrix for [x, h], columns in the order f | i | o | candidate
class LSTMParams(NamedTuple):
    W: np.ndarray
    b: np.ndarray

class Params(NamedTuple):
    lstm: LSTMParams
    W_out: np.ndarray
    b_out: np.ndarray

N_IN, N_HID, N_OUT = 2, 128, 1

def init(key, n_in=N_IN, n_hid=N_HID, n_out=N_OUT):
    k_lstm, k_out = random.split(key)
    W = random.normal(k_lstm, (n_in + n_hid, 4 * n_hid)) / np.sqrt(n_in + n_hid)
    # Jozefowicz et al. 2015: start by remembering
    b = np.concatenate([np.ones(n_hid), np.zeros(3 * n_hid)])
    W_out = random.normal(k_out, (n_hid, n_out)) / np.sqrt(n_hid)
    return Params(LSTMParams(W, b), W_out, np.zeros(n_out))


# In[3]: the model, for ONE sequence of shape (time, 2)
def lstm_step(p, state, x_t):
    c, h = state
    z = np.concatenate([x_t, h]) @ p.W + p.b
    f, i, o, a = np.split(z, 4)
    f, i, o = map(jax.nn.sigmoid, (f, i, o))
    c = f * c + i * np.tanh(a)
    h = o * np.tanh(c)
    return (c, h), None

def apply(params, sequence):
    start = (np.zeros(N_HID), np.zeros(N_HID))
    (c, h), _ = jax.lax.scan(partial(lstm_step, params.lstm), start, sequence)
    return np.dot(h, params.W_out) + params.b_out

batched_apply = vmap(apply, in_axes=(None, 0))


# In[4]: training
params0 = init(random.PRNGKey(42))
tx = optax.adam(learning_rate=3e-4)

def loss_fn(params, xs, ys):
    preds = batched_apply(params, xs)
    residual = preds - ys.reshape(preds.shape)
    per_example = np.sum(residual ** 2, axis=-1)
    return per_example.mean()

@jit
def train_step(params, opt_state, xs, ys):
    l, g = jax.value_and_grad(loss_fn)(params, xs, ys)
    updates, opt_state = tx.update(g, opt_state)
    return optax.apply_updates(params, updates), opt_state, l


# In[5]:
def adding_problem(key, n, T=20):
    ka, kb, kv = random.split(key, 3)
    marker = (jax.nn.one_hot(random.randint(ka, (n,), 0, T // 4), T)
              + jax.nn.one_hot(random.randint(kb, (n,), T // 4, T // 2), T))
    values = random.uniform(kv, (n, T), minval=-1.)
    return np.stack([values, marker], axis=2), 0.5 + np.sum(values * marker, axis=1) / 4.

if __name__ == "__main__":
    params, opt_state = params0, tx.init(params0)
    for n in range(2000):
        xs, ys = adding_problem(random.fold_in(random.PRNGKey(0), n), 64)
        params, opt_state, l = train_step(params, opt_state, xs, ys)
        if not n % 200:
            print(n, float(l))
