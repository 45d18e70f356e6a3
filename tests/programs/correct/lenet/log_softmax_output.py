"""LeNet whose output is log-probabilities (log_softmax in the module), trained with the negative log-likelihood."""

import argparse

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        he = jax.nn.initializers.he_normal()
        x = nn.Conv(6, kernel_size=(5, 5), padding=2, kernel_init=he, name="conv1")(x)
        x = nn.avg_pool(nn.relu(x), (2, 2), strides=(2, 2))
        x = nn.Conv(16, kernel_size=(5, 5), padding=0, kernel_init=he, name="conv2")(x)
        x = nn.avg_pool(nn.relu(x), (2, 2), strides=(2, 2))
        x = x.reshape(x.shape[0], -1)
        x = nn.relu(nn.Dense(120, kernel_init=he, name="fc1")(x))
        x = nn.relu(nn.Dense(84, kernel_init=he, name="fc2")(x))
        x = nn.Dense(10, kernel_init=he, name="fc3")(x)
        return nn.log_softmax(x, axis=-1)


def nll_loss(output, target):
    return -output[jnp.arange(output.shape[0]), target].mean()


def loss_fn(params, data, target):
    output = Net().apply({"params": params}, data)
    return nll_loss(output, target), output


def make_train_step(optimizer):
    @jax.jit
    def train_step(params, opt_state, data, target):
        (loss, _), grads = jax.value_and_grad(loss_fn, has_aux=True)(params, data, target)
        updates, opt_state = optimizer.update(grads, opt_state, params)
        return optax.apply_updates(params, updates), opt_state, loss

    return train_step


@jax.jit
def test(params, data, target):
    output = Net().apply({"params": params}, data)
    return nll_loss(output, target), jnp.sum(output.argmax(axis=1) == target)


def get_data(seed):
    from sklearn.datasets import load_digits

    digits = load_digits()
    data = np.pad(digits.images.repeat(3, 1).repeat(3, 2) / 16.0, ((0, 0), (2, 2), (2, 2)))
    data = data[..., None].astype(np.float32)
    order = np.random.default_rng(seed).permutation(len(data))
    return data[order[:1500]], digits.target[order[:1500]], data[order[1500:]], digits.target[order[1500:]]


def main():
    parser = argparse.ArgumentParser(description="JAX digits example")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    x, y, x_test, y_test = get_data(args.seed)
    params = Net().init(jax.random.PRNGKey(args.seed), x[:1])["params"]
    optimizer = optax.adam(args.lr)
    opt_state = optimizer.init(params)
    train_step = make_train_step(optimizer)
    rng = np.random.default_rng(args.seed)
    for epoch in range(1, args.epochs + 1):
        order = rng.permutation(len(x))
        for i in range(0, len(x), args.batch_size):
            rows = order[i : i + args.batch_size]
            params, opt_state, loss = train_step(params, opt_state, x[rows], y[rows])
        test_loss, correct = test(params, x_test, y_test)
        print(f"Epoch {epoch}: train {loss:.4f}, test {test_loss:.4f}, {correct}/{len(y_test)}")


if __name__ == "__main__":
    main()
