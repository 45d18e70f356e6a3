"""Easy-VQA in Flax Linen: a tiny picture, a short question, one of 13 answers.

    python vqa_linen.py

The picture goes through two convolutions, the question through an embedding and an
LSTM; the answer comes from both together.
"""
import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from flax.training import train_state

NUM_ANSWERS = 13
VOCAB_SIZE = 27


class EasyVQA(nn.Module):
    num_answers: int = NUM_ANSWERS
    vocab_size: int = VOCAB_SIZE

    @nn.compact
    def __call__(self, image, question):
        # the picture
        x = nn.Conv(8, (5, 5), padding="SAME")(image)
        x = nn.relu(x)
        x = nn.max_pool(x, (2, 2), strides=(2, 2))
        x = nn.Conv(16, (5, 5), padding="VALID", name="second")(x)
        x = nn.relu(x)
        x = nn.max_pool(x, window_shape=(2, 2), strides=(2, 2))
        x = x.reshape((x.shape[0], -1))

        # the question
        q = nn.Embed(self.vocab_size, 32)(question)
        q = nn.RNN(nn.OptimizedLSTMCell(64))(q)
        q = q[:, -1]

        # both
        both = jnp.concatenate([x, q], axis=-1)
        both = nn.relu(nn.Dense(96, kernel_init=nn.initializers.he_normal())(both))
        return nn.Dense(self.num_answers)(both)


def cross_entropy_loss(logits, labels):
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
    return losses.mean()


@jax.jit
def train_step(state, batch):
    def forward(params):
        logits = state.apply_fn({"params": params}, batch["image"], batch["question"])
        return cross_entropy_loss(logits, batch["answer"]), logits

    (loss, logits), grads = jax.value_and_grad(forward, has_aux=True)(state.params)
    acc = jnp.mean(jnp.argmax(logits, -1) == batch["answer"])
    return state.apply_gradients(grads=grads), {"loss": loss, "accuracy": acc}


def create_state(rng, lr=5e-4):
    model = EasyVQA()
    params = model.init(rng, jnp.zeros((1, 28, 28, 1)), jnp.zeros((1, 6), jnp.int32))["params"]
    return train_state.TrainState.create(apply_fn=model.apply, params=params, tx=optax.adam(lr))


def fake_batch(rng, n=32):
    a, b, c = jax.random.split(rng, 3)
    return {
        "image": jax.random.uniform(a, (n, 28, 28, 1)),
        "question": jax.random.randint(b, (n, 6), 0, VOCAB_SIZE),
        "answer": jax.random.randint(c, (n,), 0, NUM_ANSWERS),
    }


if __name__ == "__main__":
    state = create_state(jax.random.key(42))
    for i in range(20):
        state, metrics = train_step(state, fake_batch(jax.random.key(i)))
        print(i, {k: round(float(v), 4) for k, v in metrics.items()})
