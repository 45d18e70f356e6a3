# Port of our pytorch-lightning LeNet to flax.nnx
from __future__ import annotations

import abc

import jax
import jax.numpy as jnp
import optax
from flax import nnx


class BaseModule(nnx.Module):
    """What LightningModule used to do for us."""

    lr: float = 3e-4

    @abc.abstractmethod
    def forward(self, x, training):
        ...

    def __call__(self, x, training: bool = False):
        return self.forward(x, training)

    def shared_step(self, batch, training):
        x, y = batch
        logits = self(x, training=training)
        log_probs = jax.nn.log_softmax(logits, axis=-1)
        picked = jnp.take_along_axis(log_probs, y[:, None], axis=-1)
        return -picked[:, 0].mean(), logits

    def configure_optimizers(self):
        return optax.adamw(self.lr, weight_decay=0.0)


class ConvBNAct(nnx.Module):
    def __init__(self, cin, cout, ks, padding, *, rngs: nnx.Rngs):
        self.conv = nnx.Conv(cin, cout, kernel_size=(ks, ks), padding=padding, rngs=rngs)
        self.bn = nnx.BatchNorm(cout, momentum=0.9, rngs=rngs)

    def __call__(self, x, training):
        h = self.conv(x)
        h = self.bn(h, use_running_average=not training)
        return jax.nn.relu(h)


class LitLeNet(BaseModule):
    def __init__(self, num_classes: int = 10, dropout: float = 0.25, *, rngs: nnx.Rngs):
        self.block1 = ConvBNAct(1, 6, 5, "SAME", rngs=rngs)
        self.block2 = ConvBNAct(6, 16, 5, "VALID", rngs=rngs)
        self.fc1 = nnx.Linear(400, 120, rngs=rngs)
        self.fc2 = nnx.Linear(120, 84, rngs=rngs)
        self.fc3 = nnx.Linear(84, num_classes, rngs=rngs)
        self.drop = nnx.Dropout(dropout, rngs=rngs)

    def forward(self, x, training):
        n = x.shape[0]
        feats = self.block1(x, training)
        feats = nnx.avg_pool(feats, (2, 2), strides=(2, 2))
        feats = self.block2(feats, training)
        feats = nnx.avg_pool(feats, (2, 2), strides=(2, 2))
        flat = feats.reshape(n, 400)
        hidden = jax.nn.relu(self.fc1(flat))
        hidden = self.drop(hidden, deterministic=not training)
        hidden = jax.nn.relu(self.fc2(hidden))
        return self.fc3(hidden)


def loss_fn(model, batch):
    return model.shared_step(batch, training=True)


@nnx.jit
def train_step(model, optimizer, batch):
    (loss, logits), grads = nnx.value_and_grad(loss_fn, has_aux=True)(model, batch)
    optimizer.update(model, grads)
    return loss


class Trainer:
    def __init__(self, max_epochs=1):
        self.max_epochs = max_epochs

    def fit_model(self, model, loader):
        optimizer = nnx.Optimizer(model, model.configure_optimizers(), wrt=nnx.Param)
        for _ in range(self.max_epochs):
            for batch in loader:
                loss = train_step(model, optimizer, batch)
        return loss
