"""Flax LeNet for image classification."""
from dataclasses import dataclass, field
from typing import Callable, List, Optional

import flax
import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from flax.training.train_state import TrainState


@dataclass(frozen=True)
class LeNetConfig:
    num_channels: int = 1
    hidden_sizes: tuple = (12, 24)
    kernel_size: int = 5
    pool_size: int = 3
    classifier_dim: int = 96
    num_labels: int = 10
    initializer_gain: float = 2.0
    dtype: str = "float32"


@flax.struct.dataclass
class ImageClassifierOutput:
    logits: jnp.ndarray
    hidden_states: Optional[tuple] = None


class FlaxLeNetStage(nn.Module):
    config: LeNetConfig
    out_channels: int

    def setup(self):
        k = self.config.kernel_size
        scale = self.config.initializer_gain
        self.convolution = nn.Conv(
            self.out_channels,
            kernel_size=(k, k),
            padding=k // 2,
            kernel_init=nn.initializers.variance_scaling(scale, "fan_in", "normal"),
        )

    def __call__(self, hidden_state):
        hidden_state = self.convolution(hidden_state)
        hidden_state = nn.relu(hidden_state)
        p = self.config.pool_size
        hidden_state = nn.avg_pool(
            hidden_state, (p, p), strides=(2, 2), padding="SAME", count_include_pad=False
        )
        return hidden_state


class FlaxLeNetEncoder(nn.Module):
    config: LeNetConfig

    def setup(self):
        self.stages = [
            FlaxLeNetStage(self.config, size, name=f"stages_{i}")
            for i, size in enumerate(self.config.hidden_sizes)
        ]

    def __call__(self, hidden_state):
        for stage in self.stages:
            hidden_state = stage(hidden_state)
        return hidden_state


class FlaxLeNetForImageClassification(nn.Module):
    config: LeNetConfig = LeNetConfig()

    def setup(self):
        init = nn.initializers.variance_scaling(self.config.initializer_gain, "fan_in", "normal")
        self.encoder = FlaxLeNetEncoder(self.config)
        self.intermediate = nn.Dense(self.config.classifier_dim, kernel_init=init)
        self.classifier = nn.Dense(self.config.num_labels, kernel_init=nn.initializers.lecun_normal())

    def __call__(self, pixel_values):
        encoded = self.encoder(pixel_values)
        pooled = jnp.reshape(encoded, (encoded.shape[0], -1))
        pooled = nn.relu(self.intermediate(pooled))
        logits = self.classifier(pooled)
        return logits


def loss_fn(logits, labels):
    targets = jax.nn.one_hot(labels, logits.shape[-1])
    xentropy = optax.softmax_cross_entropy(logits, targets)
    return xentropy.mean()


def create_optimizer(learning_rate=3e-4):
    return optax.chain(optax.clip_by_global_norm(1.0), optax.adam(learning_rate))


@jax.jit
def train_step(state: TrainState, batch):
    def compute_loss(params):
        logits = state.apply_fn({"params": params}, batch["image"])
        return loss_fn(logits, batch["label"])

    loss, grad = jax.value_and_grad(compute_loss)(state.params)
    return state.apply_gradients(grads=grad), {"loss": loss}
