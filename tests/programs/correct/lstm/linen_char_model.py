"""Character-level language model: predict the next letter with an LSTM (Flax Linen).

Trained on a tiny built-in text. `sample` writes some new text with the trained model.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn

TEXT = (
    "the quick brown fox jumps over the lazy dog. pack my box with five dozen liquor jugs. "
    "how vexingly quick daft zebras jump. sphinx of black quartz, judge my vow. "
) * 20
CHARS = sorted(set(TEXT))
TO_ID = {ch: n for n, ch in enumerate(CHARS)}
DATA = np.array([TO_ID[ch] for ch in TEXT], dtype=np.int32)


class CharLSTM(nn.Module):
    vocab: int = len(CHARS)
    embed: int = 24
    hidden: int = 128

    @nn.compact
    def __call__(self, ids):
        x = nn.Embed(self.vocab, self.embed)(ids)
        cell = nn.scan(
            nn.OptimizedLSTMCell, variable_broadcast="params", split_rngs={"params": False}, in_axes=1, out_axes=1
        )(self.hidden)
        carry = cell.initialize_carry(jax.random.PRNGKey(0), (ids.shape[0], self.embed))
        _, x = cell(carry, x)
        return nn.Dense(self.vocab)(x)


model = CharLSTM()
tx = optax.adam(3e-3)


def get_batch(rng, batch_size=32, seq_len=32):
    starts = rng.integers(0, len(DATA) - seq_len - 1, batch_size)
    x = np.stack([DATA[s : s + seq_len] for s in starts])
    y = np.stack([DATA[s + 1 : s + seq_len + 1] for s in starts])
    return x, y


def loss_fn(params, x, y):
    logits = model.apply(params, x)
    onehot = jax.nn.one_hot(y, len(CHARS))
    return optax.softmax_cross_entropy(logits, onehot).mean()


@jax.jit
def train_step(params, opt_state, x, y):
    loss, grads = jax.value_and_grad(loss_fn)(params, x, y)
    updates, opt_state = tx.update(grads, opt_state, params)
    params = optax.apply_updates(params, updates)
    return params, opt_state, loss


def sample(params, key, prompt="the ", length=80):
    ids = [TO_ID[ch] for ch in prompt]
    window = 32
    for n in range(length):
        context = jnp.array(ids[-window:])[None]
        logits = model.apply(params, context)[0, -1]
        key, sub = jax.random.split(key)
        ids.append(int(jax.random.categorical(sub, logits)))
    return "".join(CHARS[n] for n in ids)


def main():
    rng = np.random.default_rng(0)
    key = jax.random.PRNGKey(0)
    params = model.init(key, get_batch(rng)[0])
    opt_state = tx.init(params)
    for step in range(1000):
        params, opt_state, loss = train_step(params, opt_state, *get_batch(rng))
        if step % 100 == 0:
            print(f"step {step}: loss {loss:.3f}, perplexity {np.exp(loss):.2f}")
    print(sample(params, key))


if __name__ == "__main__":
    main()
