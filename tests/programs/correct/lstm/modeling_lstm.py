"""LSTM encoder with a regression head, in the layout of our `modeling_*` files."""
import dataclasses
from typing import Dict, Tuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax


@dataclasses.dataclass(frozen=True)
class LSTMConfig:
    num_inputs: int = 2
    hidden_size: int = 28
    num_hidden_layers: int = 2
    num_labels: int = 1
    initializer_range: float = 0.15
    time_major: bool = False


GATES = ("input", "forget", "cell", "output")


class LSTMGates(nn.Module):
    """The four pre-activations of a step, one kernel a gate."""
    config: LSTMConfig

    @nn.compact
    def __call__(self, x, h) -> Dict[str, jnp.ndarray]:
        cfg = self.config
        init = nn.initializers.normal(cfg.initializer_range)
        pre = {}
        for name in GATES:
            kernel = self.param(f"{name}_kernel", init, (x.shape[-1], cfg.hidden_size))
            recurrent = self.param(f"{name}_recurrent", nn.initializers.orthogonal(), (cfg.hidden_size, cfg.hidden_size))
            bias = self.param(f"{name}_bias", nn.initializers.zeros, (cfg.hidden_size,))
            pre[name] = jnp.einsum("bf,fh->bh", x, kernel) + jnp.einsum("bh,hk->bk", h, recurrent) + bias
        return pre


class LSTMStep(nn.Module):
    config: LSTMConfig

    @nn.compact
    def __call__(self, carry: Tuple[jnp.ndarray, jnp.ndarray], x):
        h, c = carry
        pre = LSTMGates(self.config, name="gates")(x, h)
        keep = nn.sigmoid(pre["forget"]) * c
        write = nn.sigmoid(pre["input"]) * jnp.tanh(pre["cell"])
        c = keep + write
        h = nn.sigmoid(pre["output"]) * jnp.tanh(c)
        return (h, c), h


class LSTMLayer(nn.Module):
    config: LSTMConfig

    @nn.compact
    def __call__(self, hidden_states):
        batch = hidden_states.shape[1]
        zeros = jnp.zeros((batch, self.config.hidden_size))
        scan = nn.scan(LSTMStep, variable_broadcast="params", split_rngs={"params": False}, in_axes=0, out_axes=0)
        _, hidden_states = scan(self.config, name="step")((zeros, zeros), hidden_states)
        return hidden_states


class LSTMEncoder(nn.Module):
    config: LSTMConfig

    def setup(self):
        self.layers = [LSTMLayer(self.config, name=f"layer_{i}") for i in range(self.config.num_hidden_layers)]

    def __call__(self, hidden_states):
        for layer in self.layers:
            hidden_states = layer(hidden_states)
        return hidden_states


class LSTMForRegression(nn.Module):
    """inputs [batch, time, num_inputs] -> predictions [batch, num_labels]."""
    config: LSTMConfig = LSTMConfig()

    def setup(self):
        self.encoder = LSTMEncoder(self.config)
        self.regressor = nn.Dense(self.config.num_labels, kernel_init=nn.initializers.glorot_uniform())

    def __call__(self, inputs):
        if not self.config.time_major:
            inputs = jnp.transpose(inputs, (1, 0, 2))
        sequence_output = self.encoder(inputs)
        pooled_output = sequence_output[-1]
        return self.regressor(pooled_output)


def mse_loss(predictions, labels):
    residual = predictions.reshape(-1) - labels.reshape(-1)
    return jnp.mean(optax.l2_loss(residual) * 2.0)


def create_optimizer(learning_rate: float = 3e-4, warmup_steps: int = 100, total_steps: int = 10_000):
    schedule = optax.warmup_cosine_decay_schedule(0.0, learning_rate, warmup_steps, total_steps)
    return optax.adam(schedule)
