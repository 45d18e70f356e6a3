"""LeNet on pure functions, NCHW throughout."""
from typing import Mapping, NamedTuple, Tuple

import chex
import jax
from jax import lax
import jax.numpy as jnp
import optax

Array = chex.Array


class Affine(NamedTuple):
  w: Array
  b: Array


class Params(NamedTuple):
  conv1: Affine
  conv2: Affine
  fc1: Affine
  fc2: Affine
  logits: Affine


_CONV_INIT = jax.nn.initializers.variance_scaling(
    2.0, 'fan_in', 'truncated_normal', in_axis=1, out_axis=0)
_FC_INIT = jax.nn.initializers.variance_scaling(2.0, 'fan_in', 'truncated_normal')


def _make_conv(key: chex.PRNGKey, c_in: int, c_out: int, size: int = 5) -> Affine:
  return Affine(_CONV_INIT(key, (c_out, c_in, size, size)), jnp.zeros((c_out,)))


def _make_fc(key: chex.PRNGKey, d_in: int, d_out: int) -> Affine:
  return Affine(_FC_INIT(key, (d_in, d_out)), jnp.zeros((d_out,)))


def init(key: chex.PRNGKey, num_classes: int = 10) -> Params:
  k1, k2, k3, k4, k5 = jax.random.split(key, 5)
  return Params(
      conv1=_make_conv(k1, 1, 6),
      conv2=_make_conv(k2, 6, 16),
      fc1=_make_fc(k3, 400, 120),
      fc2=_make_fc(k4, 120, 84),
      logits=_make_fc(k5, 84, num_classes),
  )


def _conv(p: Affine, x: Array, padding: str) -> Array:
  y = lax.conv_general_dilated(
      x, p.w, (1, 1), padding, dimension_numbers=('NCHW', 'OIHW', 'NCHW'))
  return y + p.b[None, :, None, None]


def _mean_pool(x: Array) -> Array:
  dims = (1, 1, 2, 2)
  total = lax.reduce_window(x, 0.0, lax.add, dims, dims, 'VALID')
  return total / 4.0


def apply(params: Params, images: Array) -> Array:
  """Logits for a batch of images [N, 28, 28, 1]."""
  chex.assert_rank(images, 4)
  x = jnp.moveaxis(images, -1, 1)
  x = jnp.tanh(_conv(params.conv1, x, 'SAME'))
  x = _mean_pool(x)
  x = jnp.tanh(_conv(params.conv2, x, 'VALID'))
  x = _mean_pool(x)
  x = lax.collapse(x, 1)
  x = jnp.tanh(x @ params.fc1.w + params.fc1.b)
  x = jnp.tanh(x @ params.fc2.w + params.fc2.b)
  out = x @ params.logits.w + params.logits.b
  return out


def loss_fn(params: Params, batch: Mapping[str, Array]) -> Tuple[Array, Array]:
  logits = apply(params, batch['image'])
  peak = lax.stop_gradient(logits.max(axis=-1, keepdims=True))
  shifted = logits - peak
  log_z = jnp.log(jnp.exp(shifted).sum(axis=-1))
  chosen = jnp.einsum('nc,nc->n', shifted, jax.nn.one_hot(batch['label'], logits.shape[-1]))
  loss = jnp.mean(log_z - chosen)
  return loss, logits


optimizer = optax.adam(3e-4)


@jax.jit
def update(params: Params, opt_state: optax.OptState, batch: Mapping[str, Array]):
  grads, _ = jax.grad(loss_fn, has_aux=True)(params, batch)
  updates, opt_state = optimizer.update(grads, opt_state, params)
  return optax.apply_updates(params, updates), opt_state
