"""Small ConvNet baseline. Config in a dataclass, TrainState, dropout before the head."""
import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import linen as nn
from flax.training import train_state


@dataclasses.dataclass(frozen=True)
class Config:
    filters: tuple = (6, 16)
    hidden: tuple = (120, 84)
    n_labels: int = 10
    drop: float = 0.25
    lr: float = 3e-4


class ConvNet(nn.Module):
    cfg: Config = Config()

    @nn.compact
    def __call__(self, inputs, train: bool = False):
        cfg = self.cfg
        net = nn.Conv(cfg.filters[0], (5, 5), padding="SAME", name="conv_a")(inputs)
        net = nn.tanh(net)
        net = nn.max_pool(net, window_shape=(2, 2), strides=(2, 2))

        net = nn.Conv(cfg.filters[1], (5, 5), padding="VALID", name="conv_b")(net)
        net = nn.tanh(net)
        net = nn.max_pool(net, (2, 2), (2, 2))  # -> 5 x 5

        net = net.reshape((net.shape[0], -1))
        for i, width in enumerate(cfg.hidden):
            net = nn.Dense(width, name=f"dense_{i}")(net)
            net = nn.tanh(net)
        net = nn.Dropout(cfg.drop, deterministic=not train)(net)
        return nn.Dense(cfg.n_labels, name="head")(net)


class TrainState(train_state.TrainState):
    key: Any = None


def cross_entropy_loss(logits, labels):
    targets = jax.nn.one_hot(labels, logits.shape[-1])
    return optax.softmax_cross_entropy(logits, targets).mean()


def make_optimizer(cfg: Config = Config()):
    return optax.chain(optax.clip_by_global_norm(1.0), optax.adam(cfg.lr))


def create_train_state(rng, cfg=Config()):
    init_rng, drop_rng = jax.random.split(rng)
    model = ConvNet(cfg)
    params = model.init(init_rng, jnp.zeros((1, 28, 28, 1)))["params"]
    return TrainState.create(apply_fn=model.apply, params=params,
                             tx=make_optimizer(cfg), key=drop_rng)


@jax.jit
def train_step(state, batch):
    drop_key = jax.random.fold_in(state.key, state.step)

    def loss_fn(params):
        logits = state.apply_fn({"params": params}, batch["image"], train=True,
                                rngs={"dropout": drop_key})
        return cross_entropy_loss(logits, batch["label"])

    loss, grads = jax.value_and_grad(loss_fn)(state.params)
    return state.apply_gradients(grads=grads), {"loss": loss}


if __name__ == "__main__":
    state = create_train_state(jax.random.PRNGKey(42))
    fake = {"image": jax.random.uniform(jax.random.PRNGKey(0), (32, 28, 28, 1)),
            "label": jnp.arange(32) % 10}
    for _ in range(5):
        state, info = train_step(state, fake)
        print(info)
