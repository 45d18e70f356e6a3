"""An LSTM regressor in Flax Linen; mean absolute error and R2 of the whole test set."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax


class Regressor(nn.Module):
    hidden: int = 128

    @nn.compact
    def __call__(self, x):
        states = nn.RNN(nn.LSTMCell(self.hidden))(x)
        return nn.Dense(1)(states[:, -1])


model = Regressor()
tx = optax.adam(3e-4)


def mse_loss(params, x, y):
    return jnp.mean((model.apply({"params": params}, x) - y) ** 2)


@jax.jit
def train_step(params, opt_state, x, y):
    loss, grads = jax.value_and_grad(mse_loss)(params, x, y)
    updates, opt_state = tx.update(grads, opt_state)
    return optax.apply_updates(params, updates), opt_state, loss


def mae(params, x, y):
    predictions = model.apply({"params": params}, x)
    return jnp.mean(jnp.abs(predictions - y))


def r2_score(params, x, y):
    predictions = np.asarray(model.apply({"params": params}, x))
    residual = ((y - predictions) ** 2).sum()
    return 1 - residual / ((y - y.mean()) ** 2).sum()


def share_wrong(params, x, y, batch=100):
    wrong = []
    for i in range(0, len(x), batch):
        predictions = model.apply({"params": params}, x[i : i + batch])
        wrong.append(np.abs(np.asarray(predictions) - y[i : i + batch]) > 0.04)
    return np.concatenate(wrong).mean()


def make(n, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 20, 2)).astype(np.float32)
    return x, x[:, -1:, 0] + 0.5 * x[:, -2:-1, 1]


def main():
    x_train, y_train = make(2000, 0)
    x_test, y_test = make(300, 1)
    params = model.init(jax.random.key(0), x_train[:1])["params"]
    opt_state = tx.init(params)
    for epoch in range(5):
        for i in range(0, 2000, 50):
            params, opt_state, loss = train_step(params, opt_state, x_train[i : i + 50], y_train[i : i + 50])
        print(epoch, float(loss), "test:", float(mae(params, x_test, y_test)), float(r2_score(params, x_test, y_test)))
    print("share wrong on the test set", share_wrong(params, x_test, y_test))


if __name__ == "__main__":
    main()
