"""Small image classifier in Flax NNX, built from reusable blocks."""
from __future__ import annotations

import jax
import jax.numpy as jnp
import optax
from flax import nnx


def downsample(x):
    """Overlapping 3x3 average, half the resolution, borders averaged over real pixels."""
    return nnx.avg_pool(x, (3, 3), strides=(2, 2), padding="SAME", count_include_pad=False)


class ConvBlock(nnx.Module):
    def __init__(self, cin: int, cout: int, *, rngs: nnx.Rngs):
        self.conv = nnx.Conv(cin, cout, kernel_size=(5, 5), padding="SAME",
                             kernel_init=nnx.initializers.he_normal(), rngs=rngs)
        self.norm = nnx.BatchNorm(cout, rngs=rngs)

    def __call__(self, x):
        x = self.conv(x)
        x = self.norm(x)
        return downsample(nnx.relu(x))


class Head(nnx.Module):
    def __init__(self, din: int, width: int, classes: int, *, rngs: nnx.Rngs):
        init = nnx.initializers.he_normal()
        self.proj = nnx.Linear(din, width, kernel_init=init, rngs=rngs)
        self.mid = nnx.Linear(width, width, kernel_init=init, rngs=rngs)
        self.last = nnx.Linear(width, classes, rngs=rngs)
        self.drop = nnx.Dropout(0.3, rngs=rngs)

    def __call__(self, feats):
        h = nnx.relu(self.proj(feats))
        h = self.drop(h)
        h = nnx.relu(self.mid(h))
        return self.last(h)


class Classifier(nnx.Module):
    def __init__(self, num_classes: int = 10, *, rngs: nnx.Rngs):
        self.stem = ConvBlock(1, 6, rngs=rngs)
        self.body = ConvBlock(6, 12, rngs=rngs)
        self.head = Head(7 * 7 * 12, 48, num_classes, rngs=rngs)

    def __call__(self, images):
        x = self.stem(images)
        x = self.body(x)
        feats = x.reshape(x.shape[0], -1)
        return self.head(feats)


def make_optimizer(model):
    return nnx.Optimizer(model, optax.adamw(1e-3), wrt=nnx.Param)


@nnx.jit
def train_step(model, optimizer, batch):
    x, y = batch

    def objective(m):
        logits = m(x)
        nll = optax.softmax_cross_entropy_with_integer_labels(logits, y)
        return jnp.mean(nll)

    loss, grads = nnx.value_and_grad(objective)(model)
    optimizer.update(model, grads)
    return loss


if __name__ == "__main__":
    net = Classifier(rngs=nnx.Rngs(0))
    opt = make_optimizer(net)
    net.train()
    fake = jax.random.uniform(jax.random.key(1), (4, 28, 28, 1)), jnp.arange(4)
    print(train_step(net, opt, fake))
