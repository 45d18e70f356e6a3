"""Tabular classifier with normalisation and dropout (clinical data, v2)."""
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import optax
from flax import nnx


@dataclass
class HParams:
    in_features: int = 30
    hidden: int = 64
    out: int = 2
    dropout: float = 0.2
    lr: float = 3e-4


class LinearProbe(nnx.Module):
    def __init__(self, hp: HParams = HParams(), *, rngs: nnx.Rngs):
        self.fc = nnx.Linear(hp.in_features, hp.out, rngs=rngs)

    def __call__(self, x, train=False):
        return self.fc(x)


class TabularNet(nnx.Module):
    def __init__(self, hp: HParams = HParams(), *, rngs: nnx.Rngs):
        self.fc_in = nnx.Linear(hp.in_features, hp.hidden, rngs=rngs)
        self.bn = nnx.BatchNorm(hp.hidden, rngs=rngs)
        self.drop = nnx.Dropout(hp.dropout, rngs=rngs)
        self.fc_out = nnx.Linear(hp.hidden, hp.out, rngs=rngs)

    def __call__(self, x, train=False):
        h = self.fc_in(x)
        h = self.bn(h, use_running_average=not train)
        h = nnx.relu(h)
        h = self.drop(h, deterministic=not train)
        return self.fc_out(h)


def criterion(logits, labels):
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
    return losses.mean()


def create_optimizer(hp: HParams = HParams()):
    return optax.adam(hp.lr)


@nnx.jit
def train_step(model, optimizer, batch):
    x, y = batch

    def loss_of(m):
        return criterion(m(x, train=True), y)

    loss, grads = nnx.value_and_grad(loss_of)(model)
    optimizer.update(model, grads)
    return loss


def evaluate(model, x, y):
    return jnp.mean(model(x).argmax(-1) == y)


if __name__ == "__main__":
    net = TabularNet(rngs=nnx.Rngs(0, dropout=1))
    opt = nnx.Optimizer(net, create_optimizer(), wrt=nnx.Param)
    xs = jax.random.normal(jax.random.key(5), (96, 30))
    ys = (xs[:, 3] > 0).astype(jnp.int32)
    for _ in range(10):
        loss = train_step(net, opt, (xs, ys))
    print(loss, evaluate(net, xs, ys))
