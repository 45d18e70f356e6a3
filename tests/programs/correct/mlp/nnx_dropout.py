"""A wider table model in NNX: three hidden layers of equal width with dropout after each.

`model.eval()` switches the dropout off, `model.train()` on again.
"""

import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


class TableNet(nnx.Module):
    def __init__(self, in_features: int = 30, width: int = 64, num_classes: int = 2, *, rngs: nnx.Rngs):
        he = nnx.initializers.he_normal()
        self.entry = nnx.Linear(in_features, width, kernel_init=he, rngs=rngs)
        self.middle = nnx.Linear(width, width, kernel_init=he, rngs=rngs)
        self.last = nnx.Linear(width, width, kernel_init=he, rngs=rngs)
        self.classes = nnx.Linear(width, num_classes, kernel_init=he, rngs=rngs)
        self.dropout = nnx.Dropout(rate=0.1, rngs=rngs)

    def __call__(self, x):
        x = self.dropout(nnx.relu(self.entry(x)))
        x = self.dropout(nnx.relu(self.middle(x)))
        x = self.dropout(nnx.relu(self.last(x)))
        return self.classes(x)


def loss_fn(model, batch):
    logits = model(batch["x"])
    labels = nnx.one_hot(batch["y"], num_classes=2)
    losses = optax.softmax_cross_entropy(logits, labels)
    return losses.sum() / losses.size


@nnx.jit
def train_step(model, optimizer, batch):
    model.train()
    loss, grads = nnx.value_and_grad(loss_fn)(model, batch)
    optimizer.update(model, grads)
    return loss


@nnx.jit
def eval_step(model, batch):
    model.eval()
    return jnp.sum(model(batch["x"]).argmax(axis=-1) == batch["y"])


def make_optimizer(model, learning_rate=3e-4, steps=1400):
    schedule = optax.warmup_cosine_decay_schedule(0.0, learning_rate, warmup_steps=50, decay_steps=steps)
    return nnx.Optimizer(model, optax.adamw(schedule), wrt=nnx.Param)


def epochs(x, y, count, batch_size=32, seed=0):
    rng = np.random.default_rng(seed)
    for epoch in range(count):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            rows = order[start : start + batch_size]
            yield epoch, {"x": x[rows], "y": y[rows]}


def main():
    from sklearn.datasets import load_breast_cancer

    x, y = load_breast_cancer(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    train, test = order[:455], order[455:]
    x = ((x - x[train].mean(0)) / x[train].std(0)).astype(np.float32)

    model = TableNet(rngs=nnx.Rngs(params=0, dropout=1))
    optimizer = make_optimizer(model)
    for epoch, batch in epochs(x[train], y[train], count=90):
        loss = train_step(model, optimizer, batch)
    correct = eval_step(model, {"x": x[test], "y": y[test]})
    print(f"after {epoch + 1} epochs: last loss {loss:.4f}, {correct} of {len(test)} right")


if __name__ == "__main__":
    main()
