"""An LSTM cell made of Dense layers (setup style), unrolled by a for loop.

For teaching: every gate is its own pair of Dense layers, so that the code looks like the equations on the board.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

INIT = nn.initializers.glorot_uniform()


class MyLSTMCell(nn.Module):
    hidden: int

    def setup(self):
        # forget gate
        self.forget_in = nn.Dense(self.hidden, kernel_init=INIT)
        self.forget_rec = nn.Dense(self.hidden, use_bias=False, kernel_init=INIT)
        # input gate
        self.input_in = nn.Dense(self.hidden, kernel_init=INIT)
        self.input_rec = nn.Dense(self.hidden, use_bias=False, kernel_init=INIT)
        # candidate values
        self.cand_in = nn.Dense(self.hidden, kernel_init=INIT)
        self.cand_rec = nn.Dense(self.hidden, use_bias=False, kernel_init=INIT)
        # output gate
        self.output_in = nn.Dense(self.hidden, kernel_init=INIT)
        self.output_rec = nn.Dense(self.hidden, use_bias=False, kernel_init=INIT)

    def __call__(self, h_prev, c_prev, x):
        forget = nn.sigmoid(self.forget_in(x) + self.forget_rec(h_prev))
        inp = nn.sigmoid(self.input_in(x) + self.input_rec(h_prev))
        cand = nn.tanh(self.cand_in(x) + self.cand_rec(h_prev))
        out = nn.sigmoid(self.output_in(x) + self.output_rec(h_prev))
        c_new = forget * c_prev + inp * cand
        h_new = out * nn.tanh(c_new)
        return h_new, c_new


class SequenceModel(nn.Module):
    hidden: int = 128

    def setup(self):
        self.cell = MyLSTMCell(self.hidden)
        self.final = nn.Dense(1, kernel_init=INIT)

    def __call__(self, seq):
        h = jnp.zeros((seq.shape[0], self.hidden))
        c = jnp.zeros((seq.shape[0], self.hidden))
        for t in range(seq.shape[1]):
            h, c = self.cell(h, c, seq[:, t, :])
        return self.final(h)


def make_dataset(n, length=20, seed=0):
    rng = np.random.RandomState(seed)
    X = np.zeros((n, length, 2), dtype=np.float32)
    X[..., 0] = rng.uniform(-1, 1, (n, length))
    y = np.empty((n, 1), dtype=np.float32)
    for k in range(n):
        p, q = rng.permutation(length // 2)[:2]
        X[k, [p, q], 1] = 1.0
        y[k] = 0.5 + (X[k, p, 0] + X[k, q, 0]) / 4.0
    return X, y


def mse_loss(params, model, X, y):
    diff = model.apply(params, X) - y
    return jnp.mean(diff * diff)


def fit(model, X, y, epochs=30, batch_size=32, lr=3e-4, seed=0):
    params = model.init(jax.random.PRNGKey(seed), X[:1])
    tx = optax.adam(lr)
    opt_state = tx.init(params)

    @jax.jit
    def train_step(params, opt_state, X, y):
        loss, grads = jax.value_and_grad(mse_loss)(params, model, X, y)
        updates, opt_state = tx.update(grads, opt_state, params)
        params = optax.apply_updates(params, updates)
        return params, opt_state, loss

    rng = np.random.RandomState(seed)
    for epoch in range(epochs):
        order = rng.permutation(len(X))
        losses = []
        for start in range(0, len(X), batch_size):
            pick = order[start : start + batch_size]
            params, opt_state, loss = train_step(params, opt_state, X[pick], y[pick])
            losses.append(float(loss))
        print(f"epoch {epoch + 1}: {np.mean(losses):.5f}")
    return params


if __name__ == "__main__":
    X_train, y_train = make_dataset(5000, seed=1)
    X_test, y_test = make_dataset(1000, seed=2)
    net = SequenceModel()
    fitted = fit(net, X_train, y_train)
    answers = net.apply(fitted, X_test)
    print("test answers off by more than 0.04:", float(jnp.mean(jnp.abs(answers - y_test) > 0.04)))
