"""Research-style training of an MLP on 8x8 digits: a frozen config, pure
functions, and one jitted lax.scan for each epoch. Several seeds are averaged.

Gradients of `accumulate` micro-batches are averaged, then clipped by their
global norm. Targets are smoothed by `smoothing`.
"""
import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from sklearn.datasets import load_digits


@dataclasses.dataclass(frozen=True)
class Config:
    width: int = 64
    classes: int = 10
    micro_batch: int = 64
    accumulate: int = 2
    lr: float = 3e-3
    max_norm: float = 1.0
    smoothing: float = 0.05
    epochs: int = 15
    seeds: tuple = (0, 1)


class Params(NamedTuple):
    w1: jax.Array
    b1: jax.Array
    w2: jax.Array
    b2: jax.Array
    w3: jax.Array
    b3: jax.Array


def init_params(key, n_in=64, cfg=Config()):
    k1, k2, k3 = jax.random.split(key, 3)
    he = jax.nn.initializers.he_uniform()
    return Params(he(k1, (n_in, cfg.width)), jnp.zeros(cfg.width),
                  he(k2, (cfg.width, cfg.width)), jnp.zeros(cfg.width),
                  he(k3, (cfg.width, cfg.classes)), jnp.zeros(cfg.classes))


def forward(params, x):
    h = jax.nn.relu(x @ params.w1 + params.b1)
    h = jax.nn.relu(h @ params.w2 + params.b2)
    return h @ params.w3 + params.b3


def make_optimizer(cfg=Config()):
    return optax.chain(optax.clip_by_global_norm(cfg.max_norm), optax.adam(cfg.lr))


def log_softmax(z):
    """For one example."""
    z = z - z.max()
    return z - jnp.log(jnp.exp(z).sum())


def loss_fn(params, x, y, cfg=Config()):
    log_probs = jax.vmap(log_softmax)(forward(params, x))
    targets = optax.smooth_labels(jax.nn.one_hot(y, cfg.classes), cfg.smoothing)
    return -(targets * log_probs).sum(axis=-1).mean()


def make_epoch(cfg, tx):
    def micro_step(carry, batch):
        params, grad_sum, loss_sum = carry
        loss, grads = jax.value_and_grad(loss_fn)(params, *batch, cfg)
        return (params, jax.tree.map(jnp.add, grad_sum, grads), loss_sum + loss), None

    def train_step(carry, batch):
        params, opt_state = carry
        zeros = jax.tree.map(jnp.zeros_like, params)
        (_, grads, loss), _ = jax.lax.scan(micro_step, (params, zeros, 0.0), batch)
        grads = jax.tree.map(lambda g: g / cfg.accumulate, grads)
        updates, opt_state = tx.update(grads, opt_state, params)
        return (optax.apply_updates(params, updates), opt_state), loss / cfg.accumulate

    @jax.jit
    def epoch(params, opt_state, x, y, key):
        """All full batches in a new random order."""
        size = cfg.micro_batch * cfg.accumulate
        steps = len(x) // size
        perm = jax.random.permutation(key, len(x))[:steps * size]
        perm = perm.reshape(steps, cfg.accumulate, cfg.micro_batch)
        (params, opt_state), losses = jax.lax.scan(train_step, (params, opt_state), (x[perm], y[perm]))
        return params, opt_state, losses.mean()

    return epoch


def load_data(seed=0):
    x, y = load_digits(return_X_y=True)
    x = x.astype(np.float32) / 16.0
    order = np.random.default_rng(seed).permutation(len(x))
    cut = int(0.75 * len(x))
    train, test = order[:cut], order[cut:]
    mean = x[train].mean(axis=0)
    return (x[train] - mean, y[train]), (x[test] - mean, y[test])


@jax.jit
def batch_hits(params, x, y, valid):
    return jnp.where(valid, forward(params, x).argmax(axis=-1) == y, False).sum()


def evaluate(params, x, y, batch_size):
    """Accuracy, computed in batches of one shape; padding rows do not count."""
    padding = (-len(x)) % batch_size
    valid = np.arange(len(x) + padding) < len(x)
    x, y = np.pad(x, ((0, padding), (0, 0))), np.pad(y, (0, padding))
    hits = 0
    for xb, yb, vb in zip(*(np.split(a, len(a) // batch_size) for a in (x, y, valid))):
        hits += int(batch_hits(params, xb, yb, vb))
    return hits / valid.sum()


def run(cfg, seed):
    (x_train, y_train), (x_test, y_test) = load_data(seed)
    x_train, y_train = jnp.asarray(x_train), jnp.asarray(y_train)
    key, init_key = jax.random.split(jax.random.key(seed))
    params = init_params(init_key, x_train.shape[1], cfg)
    tx = make_optimizer(cfg)
    opt_state = tx.init(params)
    epoch = make_epoch(cfg, tx)
    for i in range(cfg.epochs):
        params, opt_state, loss = epoch(params, opt_state, x_train, y_train, jax.random.fold_in(key, i))
    score = evaluate(params, x_test, y_test, cfg.micro_batch)
    print(f"seed {seed}: final loss {loss:.3f}, test accuracy {score:.4f}")
    return score


def main():
    cfg = Config()
    scores = [run(cfg, seed) for seed in cfg.seeds]
    print(f"accuracy {np.mean(scores):.4f} +- {np.std(scores):.4f}")


if __name__ == "__main__":
    main()
