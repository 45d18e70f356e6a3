"""VQA in Flax NNX in the older taste: tanh everywhere, max pooling, words before picture, dropout."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


@dataclasses.dataclass(frozen=True)
class Options:
    words: int = 14
    answers: int = 5
    embed: int = 32
    hidden: int = 64
    joint: int = 128
    dropout: float = 0.3


class TanhVQA(nnx.Module):
    def __init__(self, options: Options = Options(), *, rngs: nnx.Rngs):
        glorot = nnx.initializers.glorot_uniform()
        self.options = options
        self.conv1 = nnx.Conv(1, 6, (5, 5), padding="SAME", kernel_init=glorot, rngs=rngs)
        self.conv2 = nnx.Conv(6, 16, (5, 5), padding="VALID", kernel_init=glorot, rngs=rngs)
        self.embed = nnx.Embed(options.words, options.embed, rngs=rngs)
        cell = nnx.LSTMCell(
            options.embed, options.hidden, kernel_init=glorot, recurrent_kernel_init=glorot, rngs=rngs
        )
        self.rnn = nnx.RNN(cell, return_carry=True)
        self.joint = nnx.Linear(options.hidden + 400, options.joint, kernel_init=glorot, rngs=rngs)
        self.dropout = nnx.Dropout(options.dropout, rngs=rngs)
        self.answer = nnx.Linear(options.joint, options.answers, kernel_init=glorot, rngs=rngs)

    def __call__(self, image: jax.Array, question: jax.Array) -> jax.Array:
        x = nnx.tanh(self.conv1(image))
        x = nnx.max_pool(x, (2, 2), strides=(2, 2))
        x = nnx.tanh(self.conv2(x))
        x = nnx.max_pool(x, (2, 2), strides=(2, 2))
        picture = x.reshape(x.shape[0], -1)
        (_, words), _ = self.rnn(self.embed(question))
        x = jnp.concatenate([words, picture], axis=-1)
        x = nnx.tanh(self.joint(x))
        x = self.dropout(x)
        return self.answer(x)


def loss_fn(model: TanhVQA, batch: dict) -> tuple:
    logits = model(batch["image"], batch["question"])
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"])
    return losses.mean(), logits


@nnx.jit
def train_step(model: TanhVQA, optimizer: nnx.Optimizer, metrics: nnx.MultiMetric, batch: dict) -> None:
    (loss, logits), grads = nnx.value_and_grad(loss_fn, has_aux=True)(model, batch)
    metrics.update(loss=loss, logits=logits, labels=batch["label"])
    optimizer.update(model, grads)


@nnx.jit
def eval_step(model: TanhVQA, metrics: nnx.MultiMetric, batch: dict) -> None:
    loss, logits = loss_fn(model, batch)
    metrics.update(loss=loss, logits=logits, labels=batch["label"])


def make_examples(n: int, seed: int) -> dict:
    """Which half is brighter? "left or right" (tokens 1 2) or "top or bottom" (tokens 3 4), other tokens are noise."""
    rng = np.random.default_rng(seed)
    image = rng.uniform(0, 0.5, (n, 28, 28, 1))
    vertical = rng.integers(0, 2, n)
    second = rng.integers(0, 2, (n, 2))
    for k in range(n):
        image[k, :, 14 * second[k, 0] : 14 * second[k, 0] + 14] += 0.2
        image[k, 14 * second[k, 1] : 14 * second[k, 1] + 14] += 0.2
    question = np.stack([rng.integers(5, 14, n), 1 + 2 * vertical, 2 + 2 * vertical, rng.integers(5, 14, n)], 1)
    label = 2 * vertical + second[np.arange(n), vertical]
    return {"image": image.astype(np.float32), "question": question.astype(np.int32), "label": label.astype(np.int32)}


def batches(data: dict, batch_size: int, rng: np.random.Generator):
    order = rng.permutation(len(data["label"]))
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        yield {name: value[rows] for name, value in data.items()}


def main() -> None:
    train, test = make_examples(6000, 0), make_examples(1000, 1)
    model = TanhVQA(rngs=nnx.Rngs(params=0, dropout=1))
    optimizer = nnx.Optimizer(model, optax.adam(3e-4), wrt=nnx.Param)
    metrics = nnx.MultiMetric(accuracy=nnx.metrics.Accuracy(), loss=nnx.metrics.Average("loss"))
    rng = np.random.default_rng(2)
    for epoch in range(10):
        model.train()
        for batch in batches(train, 64, rng):
            train_step(model, optimizer, metrics, batch)
        metrics.reset()
        model.eval()
        for batch in batches(test, 100, rng):
            eval_step(model, metrics, batch)
        print(epoch, {name: float(value) for name, value in metrics.compute().items()})
        metrics.reset()


if __name__ == "__main__":
    main()
