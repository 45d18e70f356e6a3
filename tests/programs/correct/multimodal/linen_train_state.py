"""VQA on synthetic scenes with Flax Linen: model, TrainState and evaluation the way the Flax examples do it."""

import functools
from typing import Callable, Dict

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax.training import train_state


class ConvNet(nn.Module):
    """Image features."""

    kernel_init: Callable = nn.initializers.he_normal()

    @nn.compact
    def __call__(self, x):
        pool = functools.partial(nn.avg_pool, window_shape=(2, 2), strides=(2, 2))
        x = nn.Conv(6, (5, 5), padding="SAME", kernel_init=self.kernel_init)(x)
        x = pool(nn.relu(x))
        x = nn.Conv(16, (5, 5), padding="VALID", kernel_init=self.kernel_init)(x)
        x = pool(nn.relu(x))
        return x.reshape((x.shape[0], -1))


class QuestionLSTM(nn.Module):
    """Question features: last state of an LSTM over the words."""

    vocab_size: int
    embedding_size: int = 32
    hidden_size: int = 64

    @nn.compact
    def __call__(self, tokens):
        x = nn.Embed(self.vocab_size, self.embedding_size)(tokens)
        init = nn.initializers.glorot_uniform()
        lstm = nn.RNN(nn.LSTMCell(self.hidden_size, kernel_init=init, recurrent_kernel_init=init))
        return lstm(x)[:, -1]


class VQAModel(nn.Module):
    vocab_size: int = 14
    num_answers: int = 5

    @nn.compact
    def __call__(self, batch):
        image = ConvNet()(batch["image"])
        question = QuestionLSTM(self.vocab_size)(batch["question"])
        x = jnp.concatenate([image, question], axis=-1)
        x = nn.Dense(128, kernel_init=nn.initializers.he_normal())(x)
        x = nn.relu(x)
        return nn.Dense(self.num_answers, kernel_init=nn.initializers.he_normal())(x)


Batch = Dict[str, np.ndarray]


def create_train_state(rng: jax.Array, batch: Batch, learning_rate: float) -> train_state.TrainState:
    model = VQAModel()
    params = model.init(rng, batch)["params"]
    return train_state.TrainState.create(apply_fn=model.apply, params=params, tx=optax.adam(learning_rate))


@jax.jit
def train_step(state: train_state.TrainState, batch: Batch):
    def loss_fn(params):
        logits = state.apply_fn({"params": params}, batch)
        one_hot = jax.nn.one_hot(batch["label"], logits.shape[-1])
        return optax.softmax_cross_entropy(logits, one_hot).mean()

    loss, grads = jax.value_and_grad(loss_fn)(state.params)
    return state.apply_gradients(grads=grads), loss


@jax.jit
def eval_step(state: train_state.TrainState, batch: Batch):
    logits = state.apply_fn({"params": state.params}, batch)
    return jnp.sum(jnp.argmax(logits, -1) == batch["label"])


def make_split(n: int, seed: int) -> Batch:
    """A ring or a filled disc, large or small. Asked (token 1) for filling or (token 2) for size."""
    rng = np.random.default_rng(seed)
    grid = np.mgrid[:28, :28] - 13.5
    distance = np.sqrt((grid**2).sum(0))
    radius, filled = rng.choice([5.0, 10.0], n), rng.integers(0, 2, n)
    outside = distance[None] < radius[:, None, None]
    inside = distance[None] < radius[:, None, None] - 2
    image = outside & ~(inside & (filled == 0)[:, None, None])
    noise = rng.normal(0, 0.1, image.shape)
    question = rng.integers(3, 14, (n, 5))
    about_size = rng.integers(0, 2, n)
    question[np.arange(n), rng.integers(0, 5, n)] = 1 + about_size
    label = np.where(about_size, 2 + (radius > 7), filled)
    return {
        "image": (image + noise)[..., None].astype(np.float32),
        "question": question.astype(np.int32),
        "label": label.astype(np.int32),
    }


def take(split: Batch, rows) -> Batch:
    return {name: values[rows] for name, values in split.items()}


def main(epochs: int = 10, batch_size: int = 50):
    train, test = make_split(5000, 0), make_split(1000, 1)
    state = create_train_state(jax.random.PRNGKey(0), take(train, slice(1)), 3e-4)
    rng = np.random.default_rng(0)
    for epoch in range(epochs):
        for rows in rng.permutation(5000).reshape(-1, batch_size):
            state, loss = train_step(state, take(train, rows))
        right = sum(int(eval_step(state, take(test, slice(b, b + 100)))) for b in range(0, 1000, 100))
        print(f"epoch {epoch:2d} loss {loss:.3f} accuracy {right / 1000:.3f}")


if __name__ == "__main__":
    main()
