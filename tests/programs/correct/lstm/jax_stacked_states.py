"""Deep LSTM in plain JAX: the layers are a list of dicts and all of them advance together, step by step."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

LAYERS = 2
HIDDEN = 128


def init_layer(key, n_in, n_hidden):
    def block(key, rows):
        bound = np.sqrt(6 / (rows + n_hidden))
        return jax.random.uniform(key, (rows, n_hidden), minval=-bound, maxval=bound)

    layer = {}
    for name, k in zip("ifgo", jax.random.split(key, 4)):
        k1, k2 = jax.random.split(k)
        layer[name] = {"x": block(k1, n_in), "h": block(k2, n_hidden), "b": jnp.zeros(n_hidden)}
    return layer


def init_params(key):
    keys = jax.random.split(key, LAYERS + 1)
    layers = [init_layer(k, 2 if n == 0 else HIDDEN, HIDDEN) for n, k in enumerate(keys[:-1])]
    bound = np.sqrt(6 / (HIDDEN + 1))
    w = jax.random.uniform(keys[-1], (HIDDEN, 1), minval=-bound, maxval=bound)
    return {"layers": layers, "out": {"w": w, "b": jnp.zeros(1)}}


def lstm(layer, state, x):
    h, c = state
    pre = {name: x @ gate["x"] + h @ gate["h"] + gate["b"] for name, gate in layer.items()}
    c = jax.nn.sigmoid(pre["f"]) * c + jax.nn.sigmoid(pre["i"]) * jnp.tanh(pre["g"])
    h = jax.nn.sigmoid(pre["o"]) * jnp.tanh(c)
    return h, c


def apply(params, x):
    zeros = jnp.zeros((x.shape[0], HIDDEN))

    def all_layers(states, x_t):
        new_states = []
        below = x_t
        for layer, state in zip(params["layers"], states):
            state = lstm(layer, state, below)
            new_states.append(state)
            below = state[0]
        return new_states, below

    _, top = jax.lax.scan(all_layers, [(zeros, zeros)] * LAYERS, x.transpose(1, 0, 2))
    return top[-1] @ params["out"]["w"] + params["out"]["b"]


def loss_fn(params, batch):
    prediction = apply(params, batch["inputs"])
    return jnp.mean((prediction - batch["targets"]) ** 2)


optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3))


@jax.jit
def train_step(params, opt_state, batch):
    loss, grads = jax.value_and_grad(loss_fn)(params, batch)
    updates, opt_state = optimizer.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss


def adding_batches(seed, batch_size, length):
    rng = np.random.default_rng(seed)
    while True:
        inputs = np.zeros((batch_size, length, 2), np.float32)
        inputs[:, :, 0] = rng.uniform(-1, 1, (batch_size, length))
        for sequence in inputs:
            sequence[rng.choice(length, 2, replace=False), 1] = 1
        targets = 0.5 + (inputs[..., 0] * inputs[..., 1]).sum(axis=1) / 4
        yield {"inputs": inputs, "targets": targets[:, None]}


def evaluate(params, batches, n=10):
    wrong = [np.abs(apply(params, b["inputs"]) - b["targets"]) > 0.04 for b, _ in zip(batches, range(n))]
    return float(np.mean(np.concatenate(wrong)))


def main():
    params = init_params(jax.random.PRNGKey(0))
    opt_state = optimizer.init(params)
    train, test = adding_batches(0, 32, 20), adding_batches(1, 100, 20)
    for step in range(3000):
        params, opt_state, loss = train_step(params, opt_state, next(train))
        if step % 300 == 0:
            print(step, float(loss), "wrong:", evaluate(params, test))


if __name__ == "__main__":
    main()
