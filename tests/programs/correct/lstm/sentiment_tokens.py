"""Movie reviews: positive or negative?  Blog post companion code.

Reviews are lists of word ids, filled up with 0 (the padding id) at the end.  The
classifier looks at the state of the LSTM after the last real word, and gives one
logit per review (positive = 1).
"""
import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from flax.training.train_state import TrainState

PAD = 0


class ReviewClassifier(nn.Module):
    vocab_size: int = 2000
    embed_dim: int = 32
    hidden_dim: int = 48

    @nn.compact
    def __call__(self, tokens, lengths=None):
        if lengths is None:
            lengths = (tokens != PAD).sum(axis=1)
        lookup = nn.Embed(self.vocab_size, self.embed_dim)
        words = lookup(tokens)
        states = nn.RNN(nn.LSTMCell(self.hidden_dim))(words)
        where = jnp.maximum(lengths - 1, 0)
        final = states[jnp.arange(states.shape[0]), where]
        score = nn.Dense(1, kernel_init=nn.initializers.glorot_uniform())(final)
        return score


def create_train_state(key, lr=1e-3, steps=20):
    model = ReviewClassifier()
    params = model.init(key, jnp.ones((2, steps), jnp.int32))["params"]
    return TrainState.create(apply_fn=model.apply, params=params, tx=optax.adam(lr))


@jax.jit
def train_step(state, batch):
    tokens, lengths, labels = batch["tokens"], batch["lengths"], batch["label"]

    def objective(params):
        logits = state.apply_fn({"params": params}, tokens, lengths)
        logits = logits[:, 0]
        bce = optax.sigmoid_binary_cross_entropy(logits, labels)
        return bce.mean()

    loss, grads = jax.value_and_grad(objective)(state.params)
    return state.apply_gradients(grads=grads), loss


def accuracy(logits, labels):
    return jnp.mean((logits[:, 0] > 0) == (labels > 0.5))


def demo_batch(key, n=16, steps=20, vocab=2000):
    k1, k2, k3 = jax.random.split(key, 3)
    lengths = jax.random.randint(k1, (n,), 3, steps + 1)
    tokens = jax.random.randint(k2, (n, steps), 1, vocab)
    tokens = jnp.where(jnp.arange(steps) < lengths[:, None], tokens, PAD)
    labels = jax.random.bernoulli(k3, 0.5, (n,)).astype(jnp.float32)
    return {"tokens": tokens, "lengths": lengths, "label": labels}


if __name__ == "__main__":
    state = create_train_state(jax.random.key(0))
    for i in range(100):
        state, loss = train_step(state, demo_batch(jax.random.key(i)))
        if i % 10 == 0:
            print(i, loss)
