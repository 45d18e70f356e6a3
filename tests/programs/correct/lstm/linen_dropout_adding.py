"""Adding problem again, now with dropout before the readout, and PyTorch's initialisation U(-1/sqrt(H), 1/sqrt(H)).

Call the model with train=True (and a dropout rng) to train, and with the default to evaluate.
"""

import dataclasses
import os

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from flax.training import train_state

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


@dataclasses.dataclass
class Config:
    hidden: int = 64
    rate: float = 0.2
    length: int = 20
    batch_size: int = 32
    steps: int = 5000
    learning_rate: float = 1e-3


CONFIG = Config()


def torch_uniform(hidden):
    bound = 1.0 / np.sqrt(hidden)

    def init(key, shape, dtype=jnp.float32):
        return jax.random.uniform(key, shape, dtype, -bound, bound)

    return init


class LSTMWithDropout(nn.Module):
    config: Config = dataclasses.field(default_factory=Config)

    @nn.compact
    def __call__(self, inputs, train: bool = False):
        init = torch_uniform(self.config.hidden)
        cell = nn.LSTMCell(self.config.hidden, kernel_init=init, recurrent_kernel_init=init, bias_init=init)
        (c, h), _ = nn.RNN(cell, return_carry=True)(inputs)
        h = nn.Dropout(self.config.rate, deterministic=not train)(h)
        return nn.Dense(1, kernel_init=init, bias_init=init)(h)


class State(train_state.TrainState):
    key: jax.Array


def create_state(key):
    params_key, dropout_key = jax.random.split(key)
    model = LSTMWithDropout(CONFIG)
    params = model.init(params_key, jnp.zeros((1, CONFIG.length, 2)))["params"]
    return State.create(apply_fn=model.apply, params=params, tx=optax.adam(CONFIG.learning_rate), key=dropout_key)


@jax.jit
def train_step(state, batch):
    dropout_key = jax.random.fold_in(state.key, state.step)

    def loss_fn(params):
        predictions = state.apply_fn({"params": params}, batch["x"], train=True, rngs={"dropout": dropout_key})
        return jnp.mean((predictions - batch["y"]) ** 2)

    loss, grads = jax.value_and_grad(loss_fn)(state.params)
    return state.apply_gradients(grads=grads), loss


@jax.jit
def eval_step(state, batch):
    predictions = state.apply_fn({"params": state.params}, batch["x"])
    return {
        "mse": jnp.mean((predictions - batch["y"]) ** 2),
        "accuracy": jnp.mean(jnp.abs(predictions - batch["y"]) < 0.04),
    }


def make_batch(rng, n=CONFIG.batch_size, length=CONFIG.length):
    x = np.zeros((n, length, 2), np.float32)
    x[:, :, 0] = rng.uniform(-1, 1, (n, length))
    for row in range(n):
        x[row, rng.choice(length, 2, replace=False), 1] = 1.0
    y = 0.5 + np.einsum("nt,nt->n", x[:, :, 0], x[:, :, 1]) / 4
    return {"x": x, "y": y[:, np.newaxis].astype(np.float32)}


def main():
    rng = np.random.default_rng(0)
    state = create_state(jax.random.key(0))
    test = make_batch(np.random.default_rng(1), n=1000)
    for step in range(CONFIG.steps):
        state, loss = train_step(state, make_batch(rng))
        if step % 500 == 0:
            print(step, float(loss), {k: float(v) for k, v in eval_step(state, test).items()})


if __name__ == "__main__":
    main()
