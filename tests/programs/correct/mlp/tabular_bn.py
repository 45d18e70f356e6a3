"""Tabular baseline for the competition: Dense -> BatchNorm -> ReLU -> Dropout, twice."""
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from flax import struct


@dataclass(frozen=True)
class CFG:
    hidden: tuple = (64, 32)
    n_classes: int = 2
    drop: float = 0.2
    lr: float = 1e-3
    batch_size: int = 64


class TabularNet(nn.Module):
    cfg: CFG = CFG()

    @nn.compact
    def __call__(self, x, *, train: bool = False):
        for i, units in enumerate(self.cfg.hidden):
            x = nn.Dense(units, kernel_init=nn.initializers.kaiming_normal(), name=f"fc{i}")(x)
            x = nn.BatchNorm(use_running_average=not train, momentum=0.95, name=f"bn{i}")(x)
            x = nn.relu(x)
            x = nn.Dropout(rate=self.cfg.drop, deterministic=not train)(x)
        return nn.Dense(self.cfg.n_classes, name="head")(x)


@struct.dataclass
class State:
    params: Any
    stats: Any
    opt_state: Any


tx = optax.adamw(CFG.lr, weight_decay=1e-4)


def loss_fn(logits, labels):
    onehot = jax.nn.one_hot(labels, logits.shape[-1])
    nll = -jnp.sum(onehot * nn.log_softmax(logits), axis=-1)
    return jnp.mean(nll)


@jax.jit
def train_step(state, x, y, key):
    def closure(params):
        out, new = TabularNet().apply({"params": params, "batch_stats": state.stats}, x,
                                      train=True, mutable=["batch_stats"], rngs={"dropout": key})
        return loss_fn(out, y), new["batch_stats"]

    (loss, stats), grads = jax.value_and_grad(closure, has_aux=True)(state.params)
    updates, opt_state = tx.update(grads, state.opt_state, state.params)
    params = optax.apply_updates(state.params, updates)
    return State(params, stats, opt_state), loss


def evaluate(state, x, y):
    variables = {"params": state.params, "batch_stats": state.stats}
    logits = TabularNet().apply(variables, x, train=False)
    return float(np.mean(np.argmax(logits, axis=1) == np.asarray(y)))


def new_state(seed=0):
    v = TabularNet().init(jax.random.key(seed), jnp.zeros((1, 30)))
    return State(v["params"], v["batch_stats"], tx.init(v["params"]))


if __name__ == "__main__":
    s = new_state()
    s, l = train_step(s, jnp.ones((8, 30)), jnp.zeros(8, int), jax.random.key(1))
    print(l)
