"""An MLP whose ReLU carries its own derivative rule (0 at 0), as an exercise with jax.custom_jvp."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn


@jax.custom_jvp
def rectify(x):
    return jnp.maximum(x, 0.0)


@rectify.defjvp
def rectify_jvp(primals, tangents):
    (x,), (x_dot,) = primals, tangents
    return rectify(x), jnp.where(x > 0.0, x_dot, 0.0)


class Net(nn.Module):
    """setup() with the layers in a plain list."""

    sizes: tuple = (64, 2)

    def setup(self):
        init = nn.initializers.variance_scaling(2.0, "fan_in", "normal")
        self.layers = [nn.Dense(size, kernel_init=init) for size in self.sizes]

    def __call__(self, x):
        *hidden, last = self.layers
        for layer in hidden:
            x = rectify(layer(x))
        return last(x)


net = Net()


def criterion(logits, labels):
    """Cross-entropy of each example, averaged."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_norm = jnp.log(jnp.exp(shifted).sum(axis=-1))
    right = (shifted * jax.nn.one_hot(labels, logits.shape[-1])).sum(axis=-1)
    return (log_norm - right).mean()


def make_train_step(tx):
    @jax.jit
    def train_step(variables, opt_state, x, y):
        def objective(v):
            return criterion(net.apply(v, x), y)

        loss, grads = jax.value_and_grad(objective)(variables)
        updates, opt_state = tx.update(grads, opt_state, variables)
        return optax.apply_updates(variables, updates), opt_state, loss

    return train_step


def main():
    from sklearn.datasets import load_breast_cancer
    from sklearn.model_selection import StratifiedShuffleSplit

    x, y = load_breast_cancer(return_X_y=True)
    train, test = next(StratifiedShuffleSplit(n_splits=1, test_size=0.2, random_state=0).split(x, y))
    x = (x - x[train].mean(axis=0)) / x[train].std(axis=0)

    tx = optax.adam(3e-4)
    train_step = make_train_step(tx)
    variables = net.init(jax.random.key(0), x[:1])
    opt_state = tx.init(variables)
    rng = np.random.default_rng(0)
    for epoch in range(100):
        rng.shuffle(train)
        for i in range(0, len(train), 32):
            rows = train[i : i + 32]
            variables, opt_state, loss = train_step(variables, opt_state, x[rows], y[rows])
    hits = net.apply(variables, x[test]).argmax(-1) == y[test]
    print(f"loss {loss:.4f}, accuracy on the test part {hits.mean():.4f}")


if __name__ == "__main__":
    main()
