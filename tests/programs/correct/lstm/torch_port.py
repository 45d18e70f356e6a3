# Port of our old torch model (nn.LSTM + nn.Linear) to flax.nnx.
# Parameter names and layouts follow torch so that state_dicts can be loaded.
import math

import jax
import jax.numpy as jnp
import optax
from flax import nnx


def uniform(key, shape, bound):
    return jax.random.uniform(key, shape, minval=-bound, maxval=bound)


class LSTM(nnx.Module):
    """torch.nn.LSTM: weight_ih_l{k} is (4*hidden, in), rows ordered i, f, g, o."""

    def __init__(self, input_size, hidden_size, num_layers=1, batch_first=False, *, rngs):
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.batch_first = batch_first
        stdv = 1.0 / math.sqrt(hidden_size)
        for k in range(num_layers):
            fan = input_size if k == 0 else hidden_size
            setattr(self, f"weight_ih_l{k}", nnx.Param(uniform(rngs.params(), (4 * hidden_size, fan), stdv)))
            setattr(self, f"weight_hh_l{k}", nnx.Param(uniform(rngs.params(), (4 * hidden_size, hidden_size), stdv)))
            setattr(self, f"bias_ih_l{k}", nnx.Param(uniform(rngs.params(), (4 * hidden_size,), stdv)))
            setattr(self, f"bias_hh_l{k}", nnx.Param(uniform(rngs.params(), (4 * hidden_size,), stdv)))

    def run_layer(self, k, x):
        w_ih = getattr(self, f"weight_ih_l{k}")[...]
        w_hh = getattr(self, f"weight_hh_l{k}")[...]
        b_ih = getattr(self, f"bias_ih_l{k}")[...]
        b_hh = getattr(self, f"bias_hh_l{k}")[...]
        hs = self.hidden_size

        def cell(hx, xt):
            h, c = hx
            gates = xt @ w_ih.T + b_ih + h @ w_hh.T + b_hh
            i_t = jax.nn.sigmoid(gates[:, :hs])
            f_t = jax.nn.sigmoid(gates[:, hs:2 * hs])
            g_t = jnp.tanh(gates[:, 2 * hs:3 * hs])
            o_t = jax.nn.sigmoid(gates[:, 3 * hs:])
            c = f_t * c + i_t * g_t
            h = o_t * jnp.tanh(c)
            return (h, c), h

        zeros = jnp.zeros((x.shape[1], hs), x.dtype)
        hx, output = jax.lax.scan(cell, (zeros, zeros), x)
        return output, hx

    def __call__(self, x):
        if self.batch_first:
            x = jnp.transpose(x, (1, 0, 2))
        for k in range(self.num_layers):
            x, hx = self.run_layer(k, x)
        if self.batch_first:
            x = jnp.transpose(x, (1, 0, 2))
        return x, hx


class Net(nnx.Module):
    def __init__(self, input_size=2, hidden_size=40, num_layers=2, output_size=1, *, rngs):
        self.lstm = LSTM(input_size, hidden_size, num_layers, batch_first=True, rngs=rngs)
        k = 1.0 / math.sqrt(hidden_size)
        self.fc_weight = nnx.Param(uniform(rngs.params(), (output_size, hidden_size), k))
        self.fc_bias = nnx.Param(uniform(rngs.params(), (output_size,), k))

    def __call__(self, x):
        # x: (batch, seq, input_size)
        out, _ = self.lstm(x)
        out = out[:, -1, :]
        return out @ self.fc_weight.T + self.fc_bias


def criterion(output, target):
    # nn.MSELoss(); target has the same shape as output, (batch, 1)
    target = target.reshape(output.shape)
    return jnp.mean((output - target) ** 2)


def make_optimizer(model, lr=1e-3):
    return nnx.Optimizer(model, optax.adam(lr), wrt=nnx.Param)


@nnx.jit
def train_step(model, optimizer, x, y):
    def closure(model):
        return criterion(model(x), y)

    loss, grads = nnx.value_and_grad(closure)(model)
    optimizer.update(model, grads)
    return loss
