"""Port of our PyTorch `nn.LSTM(2, 128, num_layers=2, batch_first=True)` baseline to Flax NNX.

Parameter names and shapes follow torch: weight_ih (4H, D), weight_hh (4H, H), two biases,
gates in the order i, f, g, o; everything U(-1/sqrt(H), 1/sqrt(H)).
"""
import math

import jax
import jax.numpy as jnp
import optax
from flax import nnx


class LSTMLayer(nnx.Module):
    def __init__(self, input_size, hidden_size, rngs):
        self.hidden_size = hidden_size
        k = 1.0 / math.sqrt(hidden_size)

        def uniform(*shape):
            return nnx.Param(jax.random.uniform(rngs.params(), shape, minval=-k, maxval=k))

        self.weight_ih = uniform(4 * hidden_size, input_size)
        self.weight_hh = uniform(4 * hidden_size, hidden_size)
        self.bias_ih = uniform(4 * hidden_size)
        self.bias_hh = uniform(4 * hidden_size)

    def cell(self, x, state):
        hx, cx = state
        gates = x @ self.weight_ih.T + self.bias_ih + hx @ self.weight_hh.T + self.bias_hh
        i, f, g, o = jnp.split(gates, 4, axis=1)
        i = jax.nn.sigmoid(i)
        f = jax.nn.sigmoid(f)
        g = jnp.tanh(g)
        o = jax.nn.sigmoid(o)
        cy = f * cx + i * g
        hy = o * jnp.tanh(cy)
        return hy, cy

    def __call__(self, x):
        B, T, _ = x.shape
        h = jnp.zeros((B, self.hidden_size))
        c = jnp.zeros((B, self.hidden_size))
        outputs = []
        for t in range(T):
            h, c = self.cell(x[:, t], (h, c))
            outputs.append(h)
        return jnp.stack(outputs, axis=1), (h, c)


class Net(nnx.Module):
    def __init__(self, input_size=2, hidden_size=128, num_layers=2, output_size=1, *, rngs: nnx.Rngs):
        sizes = [input_size] + [hidden_size] * (num_layers - 1)
        self.layers = nnx.List([LSTMLayer(s, hidden_size, rngs) for s in sizes])
        self.fc = nnx.Linear(hidden_size, output_size, rngs=rngs)

    def __call__(self, x):
        for layer in self.layers:
            x, (h_n, c_n) = layer(x)
        return self.fc(h_n)


def criterion(output, target):
    """nn.MSELoss()"""
    target = target.reshape(output.shape)
    return jnp.mean((output - target) ** 2)


@nnx.jit
def train_step(model, optimizer, x, y):
    def closure(net):
        return criterion(net(x), y)

    loss, grads = nnx.value_and_grad(closure)(model)
    optimizer.update(model, grads)
    return loss


def main():
    net = Net(rngs=nnx.Rngs(1234))
    opt = nnx.Optimizer(net, optax.adam(1e-3), wrt=nnx.Param)
    key = jax.random.key(0)
    for step in range(1000):
        key, sub = jax.random.split(key)
        x = jax.random.uniform(sub, (32, 20, 2), minval=-1, maxval=1)
        loss = train_step(net, opt, x, 0.5 + x[:, :2, 0].sum(1) / 4)
        if step % 100 == 0:
            print(step, loss.item())


if __name__ == "__main__":
    main()
