"""A small visual question answering model in Flax NNX.

The picture goes through two convolutions, the question through an embedding and an LSTM; both vectors are
concatenated and classified into one of five answers.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

VOCAB = ["<pad>", "is", "the", "shape", "on", "at", "left", "right", "top", "bottom", "a", "square", "disc", "bar"]
ANSWERS = ["no", "yes", "square", "disc", "bar"]
TO_ID = {word: n for n, word in enumerate(VOCAB)}


class VQA(nnx.Module):
    def __init__(self, rngs: nnx.Rngs, vocab: int = len(VOCAB), answers: int = len(ANSWERS)):
        he = nnx.initializers.he_normal()
        glorot = nnx.initializers.glorot_uniform()
        self.conv1 = nnx.Conv(1, 6, kernel_size=(5, 5), padding="SAME", kernel_init=he, rngs=rngs)
        self.conv2 = nnx.Conv(6, 16, kernel_size=(5, 5), padding="VALID", kernel_init=he, rngs=rngs)
        self.embed = nnx.Embed(vocab, 32, rngs=rngs)
        self.lstm = nnx.RNN(nnx.LSTMCell(32, 64, kernel_init=glorot, recurrent_kernel_init=glorot, rngs=rngs))
        self.hidden = nnx.Linear(16 * 5 * 5 + 64, 128, kernel_init=he, rngs=rngs)
        self.out = nnx.Linear(128, answers, kernel_init=he, rngs=rngs)

    def __call__(self, image, question):
        x = nnx.relu(self.conv1(image))
        x = nnx.avg_pool(x, window_shape=(2, 2), strides=(2, 2))
        x = nnx.relu(self.conv2(x))
        x = nnx.avg_pool(x, window_shape=(2, 2), strides=(2, 2))
        x = x.reshape(x.shape[0], -1)
        q = self.lstm(self.embed(question))[:, -1]
        both = jnp.concatenate([x, q], axis=-1)
        both = nnx.relu(self.hidden(both))
        return self.out(both)


def loss_fn(model, image, question, answer):
    logits = model(image, question)
    return optax.softmax_cross_entropy_with_integer_labels(logits, answer).mean()


@nnx.jit
def train_step(model, optimizer, image, question, answer):
    loss, grads = nnx.value_and_grad(loss_fn)(model, image, question, answer)
    optimizer.update(model, grads)
    return loss


def draw(shape, row, col):
    image = np.zeros((28, 28, 1), np.float32)
    y, x = np.mgrid[:28, :28]
    dy, dx = np.abs(y - row), np.abs(x - col)
    inside = {"square": np.maximum(dy, dx) < 5, "disc": dy**2 + dx**2 < 30, "bar": (dy < 2) & (dx < 7)}[shape]
    image[inside] = 1.0
    return image


def make_data(n, seed):
    rng = np.random.default_rng(seed)
    images, questions, answers = [], [], []
    for _ in range(n):
        shape = rng.choice(ANSWERS[2:])
        side = rng.choice(["left", "right"])
        images.append(draw(shape, rng.integers(8, 20), 7 if side == "left" else 20))
        if rng.random() < 0.5:
            questions.append(["the", "shape", "is", "a"])
            answers.append(shape)
        else:
            asked = rng.choice(["left", "right"])
            questions.append(["is", "shape", "at", asked])
            answers.append("yes" if asked == side else "no")
    ids = [[TO_ID[w] for w in q] for q in questions]
    return np.stack(images), np.array(ids, np.int32), np.array([ANSWERS.index(a) for a in answers], np.int32)


def main():
    image, question, answer = make_data(4000, seed=0)
    test = make_data(500, seed=1)
    model = VQA(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(3e-4), wrt=nnx.Param)
    rng = np.random.default_rng(0)
    for epoch in range(10):
        for rows in np.array_split(rng.permutation(len(answer)), len(answer) // 32):
            loss = train_step(model, optimizer, image[rows], question[rows], answer[rows])
        accuracy = (model(test[0], test[1]).argmax(-1) == test[2]).mean()
        print(f"epoch {epoch} loss {loss:.4f} test accuracy {accuracy:.3f}")


if __name__ == "__main__":
    main()
