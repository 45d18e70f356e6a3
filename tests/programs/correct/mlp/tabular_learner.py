"Tabular model and a small Learner, fastai flavour"
from typing import Optional, Sequence

import jax, jax.numpy as jnp, optax
from flax import nnx


def ifnone(a, b): return b if a is None else a


class LinBnDrop(nnx.Module):
    "`Linear`, `BatchNorm`, activation and `Dropout` in one"
    def __init__(self, n_in, n_out, bn=True, p=0., act=None, *, rngs):
        self.lin = nnx.Linear(n_in, n_out, kernel_init=nnx.initializers.he_normal(), rngs=rngs)
        self.bn = nnx.BatchNorm(n_out, rngs=rngs) if bn else None
        self.drop = nnx.Dropout(p, rngs=rngs) if p > 0 else None
        self.act = act

    def __call__(self, x, train):
        x = self.lin(x)
        if self.bn is not None: x = self.bn(x, use_running_average=not train)
        if self.act is not None: x = self.act(x)
        if self.drop is not None: x = self.drop(x, deterministic=not train)
        return x


class TabularModel(nnx.Module):
    def __init__(self, n_cont: int = 30, out_sz: int = 2, layers: Optional[Sequence[int]] = None,
                 ps: float = 0.1, *, rngs: nnx.Rngs):
        szs = [n_cont, *ifnone(layers, [100, 50])]
        self.blocks = nnx.List([LinBnDrop(i, o, p=ps, act=nnx.relu, rngs=rngs)
                                for i, o in zip(szs[:-1], szs[1:])])
        self.head = LinBnDrop(szs[-1], out_sz, bn=False, rngs=rngs)

    def __call__(self, x_cont, train=False):
        x = x_cont
        for b in self.blocks: x = b(x, train)
        return self.head(x, train)


def loss_fn(model, batch):
    xb, yb = batch
    preds = model(xb, train=True)
    targ = jax.nn.one_hot(yb, preds.shape[-1])
    losses = optax.losses.softmax_cross_entropy(preds, targ)
    return losses.mean()


@nnx.jit
def train_step(model, opt, batch):
    loss, grads = nnx.value_and_grad(loss_fn)(model, batch)
    opt.update(model, grads)
    return loss


class Learner:
    def __init__(self, dls, model, lr=1e-3, wd=0.01):
        self.dls, self.model = dls, model
        self.opt = nnx.Optimizer(model, optax.adamw(lr, weight_decay=wd), wrt=nnx.Param)

    def one_epoch(self):
        for xb, yb in self.dls: loss = train_step(self.model, self.opt, (xb, yb))
        return loss

    def fit_epochs(self, n): return [self.one_epoch() for _ in range(n)]
