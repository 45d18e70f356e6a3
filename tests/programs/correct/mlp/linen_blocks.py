"""Swish network from repeated blocks; depth and width are attributes of the module."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn


class Block(nn.Module):
    width: int

    @nn.compact
    def __call__(self, x):
        x = nn.Dense(self.width, kernel_init=nn.initializers.he_normal(), name="dense")(x)
        return nn.swish(x)


class SwishNet(nn.Module):
    """(batch, features) -> (batch, outputs)"""

    width: int = 32
    depth: int = 3
    outputs: int = 3

    @nn.compact
    def __call__(self, x):
        for i in range(self.depth):
            x = Block(self.width, name=f"block_{i}")(x)
        head = nn.Dense(self.outputs, kernel_init=nn.initializers.he_normal(), name="head")
        return head(x)


def cross_entropy_loss(*, logits, labels):
    log_likelihood = jax.nn.log_softmax(logits)
    one_hot = jax.nn.one_hot(labels, num_classes=logits.shape[-1])
    return -jnp.mean(jnp.sum(one_hot * log_likelihood, axis=-1))


def compute_metrics(*, logits, labels):
    return {
        "loss": cross_entropy_loss(logits=logits, labels=labels),
        "accuracy": jnp.mean(jnp.argmax(logits, -1) == labels),
    }


module = SwishNet()
tx = optax.adam(1e-3)


@jax.jit
def train_step(params, opt_state, batch):
    def loss_fn(params):
        logits = module.apply({"params": params}, batch["x"])
        return cross_entropy_loss(logits=logits, labels=batch["y"]), logits

    (_, logits), grads = jax.value_and_grad(loss_fn, has_aux=True)(params)
    updates, opt_state = tx.update(grads, opt_state, params)
    params = optax.apply_updates(params, updates)
    return params, opt_state, compute_metrics(logits=logits, labels=batch["y"])


def main():
    from sklearn.datasets import load_wine

    x, y = load_wine(return_X_y=True)
    rng = np.random.default_rng(0)
    order = rng.permutation(len(y))
    train, test = order[:130], order[130:]
    x = (x - x[train].mean(axis=0)) / x[train].std(axis=0)

    params = module.init(jax.random.key(0), x[:1])["params"]
    opt_state = tx.init(params)
    for epoch in range(1, 41):
        for rows in np.array_split(rng.permutation(train), 5):
            params, opt_state, metrics = train_step(params, opt_state, {"x": x[rows], "y": y[rows]})
        if epoch % 10 == 0:
            print(epoch, {k: round(float(v), 4) for k, v in metrics.items()})
    print("test:", compute_metrics(logits=module.apply({"params": params}, x[test]), labels=y[test]))


if __name__ == "__main__":
    main()
