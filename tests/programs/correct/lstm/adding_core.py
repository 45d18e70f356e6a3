"""An LSTM core for the adding problem, as pure functions over named tuples."""
from typing import NamedTuple, Tuple

import chex
import jax
import jax.numpy as jnp
import optax


class LSTMState(NamedTuple):
  """Hidden and cell vectors, each [batch, hidden_size]."""
  hidden: chex.Array
  cell: chex.Array


class LinearParams(NamedTuple):
  w: chex.Array
  b: chex.Array


class NetworkParams(NamedTuple):
  input_to_gates: LinearParams
  hidden_to_gates: chex.Array
  readout: LinearParams


class TrainingState(NamedTuple):
  params: NetworkParams
  opt_state: optax.OptState
  step: chex.Array


def truncated_init(rng: chex.PRNGKey, fan_in: int, fan_out: int) -> chex.Array:
  return jax.random.truncated_normal(rng, -2., 2., (fan_in, fan_out)) * fan_in ** -0.5


def init_params(
    key: chex.PRNGKey,
    in_features: int = 2,
    hidden_size: int = 48,
    outputs: int = 1,
) -> NetworkParams:
  """Draws the parameters of the network."""
  x_key, h_key, out_key = jax.random.split(key, 3)
  return NetworkParams(
      input_to_gates=LinearParams(
          w=truncated_init(x_key, in_features, 4 * hidden_size),
          b=jnp.zeros(4 * hidden_size)),
      hidden_to_gates=truncated_init(h_key, hidden_size, 4 * hidden_size),
      readout=LinearParams(
          w=truncated_init(out_key, hidden_size, outputs), b=jnp.zeros(outputs)),
  )


def initial_state(batch_size: int, hidden_size: int) -> LSTMState:
  zeros = jnp.zeros((batch_size, hidden_size))
  return LSTMState(hidden=zeros, cell=zeros)


def core(
    params: NetworkParams, inputs: chex.Array, prev_state: LSTMState
) -> Tuple[chex.Array, LSTMState]:
  """One step of the LSTM, gates ordered (input, candidate, forget, output)."""
  gates = inputs @ params.input_to_gates.w + params.input_to_gates.b
  gates += prev_state.hidden @ params.hidden_to_gates
  i, g, f, o = jnp.split(gates, indices_or_sections=4, axis=-1)
  f = jax.nn.sigmoid(f + 1)  # Forget bias, as in Jozefowicz et al. (2015).
  c = f * prev_state.cell + jax.nn.sigmoid(i) * jnp.tanh(g)
  h = jax.nn.sigmoid(o) * jnp.tanh(c)
  return h, LSTMState(hidden=h, cell=c)


def forward(params: NetworkParams, inputs: chex.Array) -> chex.Array:
  """Unrolls the core from the first step to the last, then reads out the end."""
  chex.assert_rank(inputs, 3)  # [B, T, F]
  state = initial_state(inputs.shape[0], params.hidden_to_gates.shape[0])

  def unroll_step(state, x_t):
    output, new_state = core(params, x_t, state)
    return new_state, output

  final_state, _ = jax.lax.scan(unroll_step, state, jnp.swapaxes(inputs, 0, 1))
  return final_state.hidden @ params.readout.w + params.readout.b


def loss_fn(params: NetworkParams, inputs: chex.Array, targets: chex.Array) -> chex.Array:
  """Mean squared error; targets are [B]."""
  predictions = forward(params, inputs)
  errors = predictions.squeeze(-1) - targets
  return jnp.mean(jnp.square(errors))


optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3))


@jax.jit
def update(state: TrainingState, batch) -> Tuple[TrainingState, chex.Array]:
  inputs, targets = batch
  loss, grads = jax.value_and_grad(loss_fn)(state.params, inputs, targets)
  updates, opt_state = optimizer.update(grads, state.opt_state)
  params = optax.apply_updates(state.params, updates)
  return TrainingState(params, opt_state, state.step + 1), loss
