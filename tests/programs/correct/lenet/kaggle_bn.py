# Exported from a notebook: digit recognizer with batch norm (Flax linen).
import functools

import jax
import jax.numpy as jnp
import optax
from flax import linen as nn
from flax.training import train_state

BATCH_SIZE = 128
LEARNING_RATE = 1e-3
SEED = 42


# %% model
class DigitNet(nn.Module):
    n_classes: int = 10

    def setup(self):
        he = nn.initializers.he_normal()
        self.conv_a = nn.Conv(features=12, kernel_size=(3, 3), kernel_init=he)
        self.bn_a = nn.BatchNorm(momentum=0.9, epsilon=1e-5)
        self.conv_b = nn.Conv(features=24, kernel_size=(3, 3), kernel_init=he)
        self.bn_b = nn.BatchNorm(momentum=0.9, epsilon=1e-5)
        self.hidden = nn.Dense(64, kernel_init=he)
        self.out = nn.Dense(self.n_classes)

    def __call__(self, x, train: bool = False):
        x = self.conv_a(x)
        x = nn.relu(self.bn_a(x, use_running_average=not train))
        x = nn.max_pool(x, (2, 2), strides=(2, 2))      # 14 x 14
        x = self.conv_b(x)
        x = nn.relu(self.bn_b(x, use_running_average=not train))
        x = nn.max_pool(x, (2, 2), strides=(2, 2))      # 7 x 7
        x = x.reshape((x.shape[0], -1))
        x = nn.relu(self.hidden(x))
        return self.out(x)


# %% state
class TrainState(train_state.TrainState):
    batch_stats: dict


def create_state(key):
    model = DigitNet()
    variables = model.init(key, jnp.zeros((1, 28, 28, 1)), train=False)
    return TrainState.create(apply_fn=model.apply, params=variables["params"],
                             batch_stats=variables["batch_stats"], tx=optax.adam(LEARNING_RATE))


# %% training
def cross_entropy(logits, labels):
    targets = jax.nn.one_hot(labels, 10)
    per_image = optax.softmax_cross_entropy(logits, targets)
    return per_image.mean()


@jax.jit
def train_step(state, batch):
    def objective(params):
        logits, updated = state.apply_fn(
            {"params": params, "batch_stats": state.batch_stats},
            batch["image"], train=True, mutable=["batch_stats"])
        return cross_entropy(logits, batch["label"]), updated

    (loss, updated), grads = jax.value_and_grad(objective, has_aux=True)(state.params)
    state = state.apply_gradients(grads=grads)
    return state.replace(batch_stats=updated["batch_stats"]), loss


@jax.jit
def eval_step(state, batch):
    variables = {"params": state.params, "batch_stats": state.batch_stats}
    logits = state.apply_fn(variables, batch["image"], train=False)
    return jnp.mean(jnp.argmax(logits, axis=-1) == batch["label"])


if __name__ == "__main__":
    state = create_state(jax.random.key(SEED))
    print(jax.tree.map(jnp.shape, state.params))
