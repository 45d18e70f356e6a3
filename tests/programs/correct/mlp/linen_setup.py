"""Feed-forward classifier, setup() style, with its sizes as attributes."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn


class FeedForward(nn.Module):
    n_hidden: int
    n_out: int

    def setup(self):
        self.hidden = nn.Dense(self.n_hidden, kernel_init=jax.nn.initializers.kaiming_normal())
        self.out = nn.Dense(self.n_out, kernel_init=jax.nn.initializers.kaiming_normal())

    def __call__(self, inputs):
        h = self.hidden(inputs)
        h = nn.relu(h)
        return self.out(h)


model = FeedForward(n_hidden=64, n_out=2)
tx = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3))


def loss_fn(params, x, y):
    logits = model.apply(params, x)
    targets = jax.nn.one_hot(y, 2)
    log_p = logits - jax.nn.logsumexp(logits, axis=1, keepdims=True)
    nll = -jnp.sum(targets * log_p, axis=1)
    return jnp.sum(nll) / x.shape[0]


@jax.jit
def update(params, opt_state, x, y):
    loss, grads = jax.value_and_grad(loss_fn)(params, x, y)
    updates, opt_state = tx.update(grads, opt_state, params)
    params = optax.apply_updates(params, updates)
    return params, opt_state, loss


@jax.jit
def compute_metrics(params, x, y):
    predicted = jnp.argmax(model.apply(params, x), axis=1)
    return {"accuracy": jnp.mean(predicted == y)}


def read_data():
    from sklearn.datasets import load_breast_cancer
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    x, y = load_breast_cancer(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=1, stratify=y)
    scaler = StandardScaler()
    x_train = scaler.fit_transform(x_train)
    x_test = scaler.transform(x_test)
    return x_train.astype(np.float32), x_test.astype(np.float32), y_train, y_test


if __name__ == "__main__":
    x_train, x_test, y_train, y_test = read_data()
    params = model.init(jax.random.key(0), x_train[:1])
    opt_state = tx.init(params)
    rng = np.random.default_rng(7)
    for step in range(1, 1501):
        rows = rng.choice(len(x_train), 32, replace=False)
        params, opt_state, loss = update(params, opt_state, x_train[rows], y_train[rows])
        if step % 100 == 0:
            print(step, f"{loss:.4f}", compute_metrics(params, x_test, y_test))
