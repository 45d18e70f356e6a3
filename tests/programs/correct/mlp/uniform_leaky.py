"""Port of an old PyTorch script: uniform initialisation by fan-in, leaky ReLU, weights stored (out, in)."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import optax


def linear_init(key, in_features, out_features):
    bound = 1 / math.sqrt(in_features)
    key_weight, key_bias = jax.random.split(key)
    weight = jax.random.uniform(key_weight, (out_features, in_features), minval=-bound, maxval=bound)
    bias = jax.random.uniform(key_bias, (out_features,), minval=-bound, maxval=bound)
    return {"weight": weight, "bias": bias}


def linear(p, x):
    return x @ p["weight"].T + p["bias"]


def init_params(key, in_features=30, hidden=(100, 50), out_features=2):
    dims = [in_features, *hidden, out_features]
    keys = jax.random.split(key, len(dims) - 1)
    return [linear_init(k, m, n) for k, m, n in zip(keys, dims, dims[1:])]


def forward(params, x):
    fc1, fc2, fc3 = params
    x = jax.nn.leaky_relu(linear(fc1, x), 0.01)
    x = jax.nn.leaky_relu(linear(fc2, x), 0.01)
    return linear(fc3, x)


def nll_loss(log_probs, target):
    return -jnp.take_along_axis(log_probs, target[:, None], axis=1).mean()


def loss_fn(params, x, target):
    return nll_loss(jax.nn.log_softmax(forward(params, x), axis=1), target)


optimizer = optax.sgd(learning_rate=0.05, momentum=0.9, nesterov=True)


@jax.jit
def train_step(params, opt_state, x, target):
    loss, grads = jax.value_and_grad(loss_fn)(params, x, target)
    updates, opt_state = optimizer.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss


def main():
    from sklearn.datasets import load_breast_cancer

    x, y = load_breast_cancer(return_X_y=True)
    rng = np.random.default_rng(1234)
    order = rng.permutation(len(x))
    train, test = order[: int(0.7 * len(x))], order[int(0.7 * len(x)) :]
    x = (x - x[train].mean(0)) / x[train].std(0)

    params = init_params(jax.random.PRNGKey(1234))
    opt_state = optimizer.init(params)
    for epoch in range(1, 31):
        rng.shuffle(train)
        running, seen = 0.0, 0
        for i in range(0, len(train), 16):
            rows = train[i : i + 16]
            params, opt_state, loss = train_step(params, opt_state, x[rows], y[rows])
            running += float(loss) * len(rows)
            seen += len(rows)
        if epoch % 5 == 0:
            correct = int((forward(params, x[test]).argmax(1) == y[test]).sum())
            print(f"[{epoch:2d}] train loss {running / seen:.4f}  test {correct}/{len(test)}")


if __name__ == "__main__":
    main()
