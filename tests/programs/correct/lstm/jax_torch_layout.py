"""Port of my PyTorch LSTM regressor to JAX, keeping torch's parameter layout.

weight_ih is (4*hidden, input), weight_hh is (4*hidden, hidden), and there are two bias vectors, as in
torch.nn.LSTM (gate order i, f, g, o), so that a state dict can be loaded without reshuffling.
The matrices are Xavier-initialised chunk by chunk and the biases zeroed, as my torch version did with nn.init.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax


class LSTMParams(NamedTuple):
    weight_ih: jax.Array
    weight_hh: jax.Array
    bias_ih: jax.Array
    bias_hh: jax.Array
    fc_weight: jax.Array
    fc_bias: jax.Array


def xavier_uniform(key, out_features, in_features):
    bound = np.sqrt(6.0 / (in_features + out_features))
    return jax.random.uniform(key, (out_features, in_features), jnp.float32, -bound, bound)


def init_params(key, input_size=2, hidden_size=128, output_size=1) -> LSTMParams:
    k_ih, k_hh, k_fc = jax.random.split(key, 3)
    return LSTMParams(
        weight_ih=jnp.vstack([xavier_uniform(k, hidden_size, input_size) for k in jax.random.split(k_ih, 4)]),
        weight_hh=jnp.vstack([xavier_uniform(k, hidden_size, hidden_size) for k in jax.random.split(k_hh, 4)]),
        bias_ih=jnp.zeros(4 * hidden_size),
        bias_hh=jnp.zeros(4 * hidden_size),
        fc_weight=xavier_uniform(k_fc, output_size, hidden_size),
        fc_bias=jnp.zeros(output_size),
    )


def lstm(params: LSTMParams, x):
    """Same as torch.nn.LSTM(batch_first=True): returns output and (h_n, c_n)."""
    hidden_size = params.weight_hh.shape[1]
    h0 = jnp.zeros((x.shape[0], hidden_size))
    c0 = jnp.zeros((x.shape[0], hidden_size))

    def step(hx, x_t):
        h, c = hx
        gates = x_t @ params.weight_ih.T + params.bias_ih + h @ params.weight_hh.T + params.bias_hh
        ingate, forgetgate, cellgate, outgate = jnp.split(gates, 4, axis=1)
        ingate = jax.nn.sigmoid(ingate)
        forgetgate = jax.nn.sigmoid(forgetgate)
        cellgate = jnp.tanh(cellgate)
        outgate = jax.nn.sigmoid(outgate)
        c = forgetgate * c + ingate * cellgate
        h = outgate * jnp.tanh(c)
        return (h, c), h

    (h_n, c_n), output = jax.lax.scan(step, (h0, c0), x.swapaxes(0, 1))
    return output.swapaxes(0, 1), (h_n, c_n)


def apply(params: LSTMParams, x):
    output, _ = lstm(params, x)
    return output[:, -1, :] @ params.fc_weight.T + params.fc_bias


def mse_loss(params, batch):
    x, y = batch
    return jnp.mean((apply(params, x) - y) ** 2)


optimizer = optax.adam(3e-4)


@jax.jit
def train_step(params, opt_state, batch):
    loss, grads = jax.value_and_grad(mse_loss)(params, batch)
    updates, opt_state = optimizer.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss


def data_loader(num_batches, batch_size=32, seq_len=20, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(num_batches):
        values = rng.uniform(-1, 1, (batch_size, seq_len)).astype(np.float32)
        mask = np.zeros_like(values)
        for row in mask:
            row[rng.integers(seq_len // 2)] = 1
            row[seq_len // 2 + rng.integers(seq_len - seq_len // 2)] = 1
        target = 0.5 + (values * mask).sum(1, keepdims=True) / 4
        yield np.stack([values, mask], -1), target


def main():
    params = init_params(jax.random.PRNGKey(1))
    opt_state = optimizer.init(params)
    for step, batch in enumerate(data_loader(4000)):
        params, opt_state, loss = train_step(params, opt_state, batch)
        if (step + 1) % 400 == 0:
            print(f"[{step + 1:5d}] mse: {loss.item():.5f}")
    errors = [np.abs(apply(params, x) - y) for x, y in data_loader(20, seed=99)]
    print("accuracy:", np.mean(np.concatenate(errors) < 0.04))


if __name__ == "__main__":
    main()
