"""Question answering on tiny pictures: one compact Flax Linen module, inputs passed by keyword."""
from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

NUM_WORDS = 14
NUM_ANSWERS = 5
QUESTION_LENGTH = 6

conv_init = nn.initializers.he_normal()
lstm_init = nn.initializers.glorot_uniform()


class VisualQA(nn.Module):
    num_words: int = NUM_WORDS
    num_answers: int = NUM_ANSWERS

    @nn.compact
    def __call__(self, image, question):
        # picture
        v = nn.Conv(features=6, kernel_size=(5, 5), padding=2, kernel_init=conv_init)(image)
        v = nn.relu(v)
        v = nn.avg_pool(v, window_shape=(2, 2), strides=(2, 2))
        v = nn.Conv(features=16, kernel_size=(5, 5), padding=0, kernel_init=conv_init)(v)
        v = nn.relu(v)
        v = nn.avg_pool(v, window_shape=(2, 2), strides=(2, 2))
        v = v.reshape((v.shape[0], -1))

        # words
        w = nn.Embed(self.num_words, 32)(question)
        cell = nn.OptimizedLSTMCell(64, kernel_init=lstm_init, recurrent_kernel_init=lstm_init)
        (_, w), _ = nn.RNN(cell, return_carry=True)(w)

        # answer
        x = jnp.concatenate((v, w), axis=-1)
        x = nn.Dense(128, kernel_init=conv_init)(x)
        x = nn.relu(x)
        x = nn.Dense(self.num_answers, kernel_init=conv_init)(x)
        return x


model = VisualQA()


def init_variables(key):
    return model.init(
        key, image=jnp.zeros((1, 28, 28, 1)), question=jnp.zeros((1, QUESTION_LENGTH), jnp.int32)
    )


def cross_entropy(logits, labels):
    return -jnp.mean(jax.nn.log_softmax(logits)[jnp.arange(labels.shape[0]), labels])


@partial(jax.jit, static_argnames="tx")
def train_step(variables, opt_state, images, questions, labels, tx):
    def compute_loss(variables):
        logits = model.apply(variables, image=images, question=questions)
        return cross_entropy(logits, labels)

    loss, grads = jax.value_and_grad(compute_loss)(variables)
    updates, opt_state = tx.update(grads, opt_state, variables)
    return optax.apply_updates(variables, updates), opt_state, loss


def accuracy(variables, images, questions, labels):
    logits = model.apply(variables, image=images, question=questions)
    return jnp.mean(jnp.argmax(logits, axis=1) == labels)


def synthetic(n, seed):
    """How many stripes (0 to 4)? Or, if the question has word 1 in it, how many of them are bright?"""
    rng = np.random.default_rng(seed)
    images = np.zeros((n, 28, 28, 1), np.float32)
    questions = rng.integers(3, NUM_WORDS, (n, QUESTION_LENGTH))
    labels = np.zeros(n, np.int32)
    for k in range(n):
        count = rng.integers(0, 5)
        bright = rng.random(count) < 0.5
        for place, is_bright in zip(rng.permutation(4)[:count], bright):
            images[k, 2 + 7 * place : 5 + 7 * place, 3:25] = 1.0 if is_bright else 0.4
        only_bright = rng.random() < 0.5
        questions[k, rng.integers(QUESTION_LENGTH)] = 1 if only_bright else 2
        labels[k] = bright.sum() if only_bright else count
    return images, questions.astype(np.int32), labels


def main():
    tx = optax.adam(3e-4)
    train, test = synthetic(6000, 0), synthetic(1000, 1)
    variables = init_variables(jax.random.PRNGKey(0))
    opt_state = tx.init(variables)
    order = np.random.default_rng(2)
    for epoch in range(12):
        rows = order.permutation(len(train[2]))
        for batch in rows.reshape(-1, 40):
            variables, opt_state, loss = train_step(variables, opt_state, *(part[batch] for part in train), tx)
        print(epoch, float(loss), float(accuracy(variables, *test)))


if __name__ == "__main__":
    main()
