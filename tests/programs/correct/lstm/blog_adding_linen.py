"""Blog post, part 2: teaching an LSTM to add two numbers, now in Flax.

Every sequence has two channels: the numbers and a 0/1 marker. The network reads the
sequence and, at its end, has to say (scaled) what the two marked numbers sum up to.
"""
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax.training import train_state

SEQ_LEN = 20
BATCH_SIZE = 64
LR = 3e-4


class AddingLSTM(nn.Module):
    hidden_size: int = 128

    @nn.compact
    def __call__(self, x):
        rnn = nn.RNN(nn.OptimizedLSTMCell(self.hidden_size), return_carry=True)
        (c, h), _ = rnn(x)
        out = nn.Dense(1, name="readout")(h)
        return out


def make_batch(rng, n=BATCH_SIZE, length=SEQ_LEN):
    values = rng.uniform(-1, 1, size=(n, length)).astype(np.float32)
    marks = np.zeros((n, length), np.float32)
    first = rng.integers(0, length // 4, size=n)
    second = rng.integers(length // 4, length // 2, size=n)
    rows = np.arange(n)
    marks[rows, first] = 1.0
    marks[rows, second] = 1.0
    target = 0.5 + (values[rows, first] + values[rows, second]) / 4.0
    return np.stack([values, marks], axis=-1), target


def create_train_state(rng):
    model = AddingLSTM()
    variables = model.init(rng, jnp.ones((1, SEQ_LEN, 2)))
    return train_state.TrainState.create(
        apply_fn=model.apply, params=variables["params"], tx=optax.adam(LR)
    )


def mse_loss(preds, targets):
    preds = jnp.squeeze(preds, axis=-1)
    sq_err = (preds - targets) ** 2
    return jnp.mean(sq_err)


@jax.jit
def train_step(state, batch):
    inputs, targets = batch

    def loss_fn(params):
        preds = state.apply_fn({"params": params}, inputs)
        return mse_loss(preds, targets)

    loss, grads = jax.value_and_grad(loss_fn)(state.params)
    return state.apply_gradients(grads=grads), loss


if __name__ == "__main__":
    np_rng = np.random.default_rng(0)
    state = create_train_state(jax.random.PRNGKey(0))
    for it in range(5000):
        state, loss = train_step(state, make_batch(np_rng))
        if it % 500 == 0:
            print(f"iteration {it:5d}   mse {loss:.5f}")
