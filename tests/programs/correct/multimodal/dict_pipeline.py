"""Pictures with questions as dicts: split, scale, batch."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


class VQA(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        he, glorot = nnx.initializers.he_normal(), nnx.initializers.glorot_uniform()
        self.conv1 = nnx.Conv(1, 6, (5, 5), padding="SAME", kernel_init=he, rngs=rngs)
        self.conv2 = nnx.Conv(6, 16, (5, 5), padding="VALID", kernel_init=he, rngs=rngs)
        self.embed = nnx.Embed(14, 32, rngs=rngs)
        cell = nnx.LSTMCell(32, 64, kernel_init=glorot, recurrent_kernel_init=glorot, rngs=rngs)
        self.rnn = nnx.RNN(cell)
        self.joint = nnx.Linear(464, 128, kernel_init=he, rngs=rngs)
        self.answer = nnx.Linear(128, 5, kernel_init=he, rngs=rngs)

    def __call__(self, image, question):
        x = nnx.avg_pool(nnx.relu(self.conv1(image)), (2, 2), strides=(2, 2))
        x = nnx.avg_pool(nnx.relu(self.conv2(x)), (2, 2), strides=(2, 2))
        x = jnp.concatenate([x.reshape(x.shape[0], -1), self.rnn(self.embed(question))[:, -1]], axis=-1)
        return self.answer(nnx.relu(self.joint(x)))


def loss_fn(model, batch):
    logits = model(batch["image"], batch["question"])
    return optax.softmax_cross_entropy_with_integer_labels(logits, batch["answer"]).mean()


def preprocess(images):
    images = np.asarray(images, dtype=np.float32)
    return images / 255.0


def get_batches(data, batch_size, seed):
    order = np.random.default_rng(seed).permutation(len(data["answer"]))
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        image, question, answer = data["image"][rows], data["question"][rows], data["answer"][rows]
        yield {"image": image, "question": question, "answer": answer}
