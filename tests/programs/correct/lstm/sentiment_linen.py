"""Review classification with an embedding and an LSTM (port of a Keras tutorial).

keras.Sequential([Embedding(1000, 64), LSTM(128), Dropout(0.3), Dense(2)])
"""
import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from flax.training.train_state import TrainState

MAX_FEATURES = 1000
MAXLEN = 40


class KerasLSTMCell(nn.Module):
    """kernel, recurrent_kernel, bias; columns i | f | c | o; unit_forget_bias=True."""
    units: int

    @nn.compact
    def __call__(self, carry, inputs):
        h_tm1, c_tm1 = carry
        kernel = self.param("kernel", nn.initializers.glorot_uniform(), (inputs.shape[-1], 4 * self.units))
        recurrent = self.param("recurrent_kernel", nn.initializers.orthogonal(), (self.units, 4 * self.units))
        bias = self.param("bias", lambda rng, n: jnp.zeros(4 * n).at[n:2 * n].set(1.0), self.units)
        z = jnp.dot(inputs, kernel) + jnp.dot(h_tm1, recurrent) + bias
        z0, z1, z2, z3 = jnp.split(z, 4, axis=-1)
        i = nn.sigmoid(z0)
        f = nn.sigmoid(z1)
        c = f * c_tm1 + i * nn.tanh(z2)
        o = nn.sigmoid(z3)
        h = o * nn.tanh(c)
        return (h, c), h


class SentimentClassifier(nn.Module):
    vocab_size: int = MAX_FEATURES
    embed_dim: int = 64
    units: int = 128
    num_classes: int = 2
    dropout: float = 0.3

    @nn.compact
    def __call__(self, tokens, train: bool = False):
        x = nn.Embed(self.vocab_size, self.embed_dim)(tokens)
        ScanLSTM = nn.scan(
            KerasLSTMCell, variable_broadcast="params", split_rngs={"params": False},
            in_axes=1, out_axes=1,
        )
        zeros = jnp.zeros((tokens.shape[0], self.units))
        _, seq = ScanLSTM(self.units)((zeros, zeros), x)
        last = seq[:, -1]
        last = nn.Dropout(self.dropout, deterministic=not train)(last)
        return nn.Dense(self.num_classes)(last)


def cross_entropy_loss(logits, labels):
    one_hot = jax.nn.one_hot(labels, logits.shape[-1])
    log_probs = nn.log_softmax(logits)
    return -jnp.mean(jnp.sum(one_hot * log_probs, axis=-1))


def accuracy(logits, labels):
    return jnp.mean(jnp.argmax(logits, -1) == labels)


def create_state(rng, model, learning_rate=1e-3):
    params = model.init(rng, jnp.zeros((1, MAXLEN), jnp.int32))["params"]
    return TrainState.create(apply_fn=model.apply, params=params, tx=optax.adam(learning_rate))


@functools.partial(jax.jit, donate_argnums=())
def train_step(state, batch, dropout_rng):
    dropout_rng = jax.random.fold_in(dropout_rng, state.step)

    def loss_fn(params):
        logits = state.apply_fn({"params": params}, batch["tokens"], train=True, rngs={"dropout": dropout_rng})
        return cross_entropy_loss(logits, batch["label"]), logits

    (loss, logits), grads = jax.value_and_grad(loss_fn, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), {"loss": loss, "acc": accuracy(logits, batch["label"])}


if __name__ == "__main__":
    rng = jax.random.key(0)
    state = create_state(rng, SentimentClassifier())
    for _ in range(100):
        rng, k = jax.random.split(rng)
        toks = jax.random.randint(k, (32, MAXLEN), 0, MAX_FEATURES)
        state, metrics = train_step(state, {"tokens": toks, "label": (toks[:, 0] % 2)}, rng)
    print(metrics)
