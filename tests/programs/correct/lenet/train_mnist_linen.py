"""MNIST example.

Follows the layout of the Flax examples: a Linen module, a TrainState and
jitted functions `apply_model` / `train_step`.
"""
import functools
from typing import Any, Sequence

from flax import linen as nn
from flax.training import train_state
import jax
import jax.numpy as jnp
import optax


class CNN(nn.Module):
  """A simple CNN model."""

  features: Sequence[int] = (16, 32)
  hidden: int = 128
  num_classes: int = 10

  @nn.compact
  def __call__(self, x):
    conv = functools.partial(nn.Conv, kernel_size=(5, 5), padding='SAME',
                             kernel_init=nn.initializers.he_normal())
    dense = functools.partial(nn.Dense, kernel_init=nn.initializers.he_normal())
    pool = functools.partial(nn.max_pool, window_shape=(2, 2), strides=(2, 2))
    first, second = self.features
    x = conv(first, name='conv_a')(x)
    x = nn.relu(x)
    x = pool(x)
    x = conv(second, name='conv_b')(x)
    x = nn.relu(x)
    x = pool(x)
    x = x.reshape((x.shape[0], -1))  # flatten
    x = dense(self.hidden, name='fc')(x)
    x = nn.relu(x)
    for i in range(2):
      x = nn.relu(dense(self.hidden, name=f'mid_{i}')(x))
    x = dense(self.num_classes, name='head')(x)
    return x


def compute_loss(logits, labels):
  one_hot = jax.nn.one_hot(labels, logits.shape[-1])
  per_example = optax.softmax_cross_entropy(logits=logits, labels=one_hot)
  return jnp.mean(per_example)


def create_train_state(rng, learning_rate=1e-3) -> train_state.TrainState:
  """Creates initial `TrainState`."""
  cnn = CNN()
  params = cnn.init(rng, jnp.ones([1, 28, 28, 1]))['params']
  return train_state.TrainState.create(
      apply_fn=cnn.apply, params=params, tx=optax.adam(learning_rate))


@jax.jit
def train_step(state: train_state.TrainState, batch: Any):
  """Computes gradients, loss and accuracy for a single batch."""

  def loss_fn(params):
    logits = state.apply_fn({'params': params}, batch['image'])
    loss = compute_loss(logits, batch['label'])
    return loss, logits

  grad_fn = jax.value_and_grad(loss_fn, has_aux=True)
  (loss, logits), grads = grad_fn(state.params)
  state = state.apply_gradients(grads=grads)
  metrics = {
      'loss': loss,
      'accuracy': jnp.mean(jnp.argmax(logits, -1) == batch['label']),
  }
  return state, metrics


if __name__ == '__main__':
  import numpy as np
  state = create_train_state(jax.random.key(0))
  rng = np.random.default_rng(0)
  batch = {'image': rng.random((32, 28, 28, 1), dtype=np.float32),
           'label': rng.integers(0, 10, 32)}
  for step in range(5):
    state, metrics = train_step(state, batch)
    print(step, metrics)
