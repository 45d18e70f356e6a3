"""A bidirectional LSTM text classifier, after the SST-2 example of Flax."""
import functools
from typing import Any

from flax import linen as nn
from flax.training import train_state
import jax
import jax.numpy as jnp
import optax

Array = jnp.ndarray


@jax.vmap
def flip_sequences(inputs: Array, lengths: Array) -> Array:
  """Flips each sequence in time, keeping its padding at the end."""
  max_length = inputs.shape[0]
  return jnp.flip(jnp.roll(inputs, max_length - lengths, axis=0), axis=0)


class SimpleLSTM(nn.Module):
  """A simple unidirectional LSTM."""
  hidden_size: int

  @functools.partial(
      nn.transforms.scan,
      variable_broadcast='params',
      in_axes=1,
      out_axes=1,
      split_rngs={'params': False})
  @nn.compact
  def __call__(self, carry, x):
    return nn.OptimizedLSTMCell(features=self.hidden_size)(carry, x)

  def initialize_carry(self, input_shape):
    return nn.OptimizedLSTMCell(self.hidden_size, parent=None).initialize_carry(
        jax.random.key(0), input_shape)


class SimpleBiLSTM(nn.Module):
  """Reads the words in both directions; returns one vector a sentence."""
  hidden_size: int

  def setup(self):
    self.forward_lstm = SimpleLSTM(self.hidden_size)
    self.backward_lstm = SimpleLSTM(self.hidden_size)

  def last_state(self, lstm: SimpleLSTM, seqs: Array, lengths: Array) -> Array:
    carry = lstm.initialize_carry(seqs[:, 0].shape)
    _, outputs = lstm(carry, seqs)
    last = jnp.maximum(0, lengths - 1)
    return outputs[jnp.arange(seqs.shape[0]), last]

  def __call__(self, embedded: Array, lengths: Array) -> Array:
    forward = self.last_state(self.forward_lstm, embedded, lengths)
    flipped = flip_sequences(embedded, lengths)
    backward = self.last_state(self.backward_lstm, flipped, lengths)
    return jnp.concatenate([forward, backward], axis=-1)


class TextClassifier(nn.Module):
  """Embeds the words, encodes the sentence, predicts its sentiment."""
  vocab_size: int = 50
  embedding_size: int = 24
  hidden_size: int = 32
  output_size: int = 3
  embedding_init: Any = nn.initializers.normal(stddev=0.1)

  def setup(self):
    self.embedder = nn.Embed(
        self.vocab_size, self.embedding_size, embedding_init=self.embedding_init)
    self.encoder = SimpleBiLSTM(self.hidden_size)
    self.output_layer = nn.Dense(self.output_size, kernel_init=nn.initializers.lecun_normal())

  def __call__(self, token_ids: Array, lengths: Array) -> Array:
    embedded = self.embedder(token_ids)
    sentence = self.encoder(embedded, lengths)
    return self.output_layer(sentence)


def cross_entropy_loss(logits: Array, labels: Array) -> Array:
  """The mean of the sentences' negative log-likelihoods."""
  log_probs = jax.nn.log_softmax(logits, axis=-1)
  targets = jax.nn.one_hot(labels, logits.shape[-1])
  return -jnp.mean(jnp.sum(targets * log_probs, axis=-1))


def create_train_state(rng, learning_rate=1e-3):
  model = TextClassifier()
  params = model.init(rng, jnp.ones((2, 5), jnp.int32), jnp.array([5, 3]))['params']
  return train_state.TrainState.create(
      apply_fn=model.apply, params=params, tx=optax.adam(learning_rate))


@jax.jit
def train_step(state, batch):
  def compute_loss(params):
    logits = state.apply_fn({'params': params}, batch['token_ids'], batch['length'])
    return cross_entropy_loss(logits, batch['label'])

  loss, grads = jax.value_and_grad(compute_loss)(state.params)
  return state.apply_gradients(grads=grads), loss
