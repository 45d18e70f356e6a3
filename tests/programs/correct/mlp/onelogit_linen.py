"""Binary classifier with one output unit: tumour malignant or benign."""
from typing import Callable, Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from flax.training.train_state import TrainState


class RiskModel(nn.Module):
    """Dense stack that ends in a single logit per patient, shape (batch, 1)."""
    widths: Sequence[int] = (40, 40, 40)
    act: Callable = nn.relu

    def setup(self):
        self.hidden = [nn.Dense(w, kernel_init=nn.initializers.he_uniform()) for w in self.widths]
        self.readout = nn.Dense(1, bias_init=nn.initializers.zeros)

    def __call__(self, x):
        for dense in self.hidden:
            x = dense(x)
            x = self.act(x)
        score = self.readout(x)
        return score


def loss_fn(logits, labels):
    """Mean logistic loss. logits (B, 1), labels (B,) with 0 or 1."""
    z = logits.reshape(-1)
    t = labels.reshape(-1).astype(z.dtype)
    softplus = jax.nn.softplus(z)
    return jnp.mean(softplus - t * z)


def make_optimizer(lr=3e-4):
    return optax.adam(lr)


def create_train_state(rng, n_features=30):
    model = RiskModel()
    params = model.init(rng, jnp.ones([1, n_features]))["params"]
    return TrainState.create(apply_fn=model.apply, params=params, tx=make_optimizer())


@jax.jit
def train_step(state, batch):
    x, y = batch

    def compute(params):
        return loss_fn(state.apply_fn({"params": params}, x), y)

    value, grads = jax.value_and_grad(compute)(state.params)
    return state.apply_gradients(grads=grads), value


def accuracy(logits, labels):
    guess = (logits.reshape(-1) > 0).astype(jnp.int32)
    return (guess == labels.reshape(-1)).mean()


if __name__ == "__main__":
    state = create_train_state(jax.random.key(0))
    state, value = train_step(state, (jnp.ones((4, 30)), jnp.array([0, 1, 1, 0])))
    print(value)
