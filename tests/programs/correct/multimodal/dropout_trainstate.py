"""Pictures and questions in Linen, with dropout before the answer and a key that is split in the loop."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax.training import train_state

KEEP_PROB = 0.8


class VQA(nn.Module):
    answers: int = 5

    @nn.compact
    def __call__(self, image, question, train=False):
        v = nn.avg_pool(nn.relu(nn.Conv(6, (5, 5), padding="SAME")(image)), (2, 2), strides=(2, 2))
        v = nn.avg_pool(nn.relu(nn.Conv(16, (5, 5), padding="VALID")(v)), (2, 2), strides=(2, 2))
        v = v.reshape(v.shape[0], -1)
        q = nn.Embed(14, 32)(question)
        q = nn.RNN(nn.LSTMCell(64))(q)[:, -1]
        h = nn.relu(nn.Dense(128)(jnp.concatenate([v, q], -1)))
        h = nn.Dropout(rate=1 - KEEP_PROB)(h, deterministic=not train)
        return nn.Dense(self.answers)(h)


def create_state(rng):
    model = VQA()
    variables = model.init(rng, jnp.zeros((1, 28, 28, 1)), jnp.zeros((1, 8), jnp.int32))
    return train_state.TrainState.create(apply_fn=model.apply, params=variables["params"], tx=optax.adam(3e-4))


@jax.jit
def train_step(state, image, question, label, dropout_rng):
    def loss_fn(params):
        logits = state.apply_fn({"params": params}, image, question, train=True, rngs={"dropout": dropout_rng})
        return optax.softmax_cross_entropy_with_integer_labels(logits, label).mean()

    loss, grads = jax.value_and_grad(loss_fn)(state.params)
    return state.apply_gradients(grads=grads), loss


def train(images, questions, labels, epochs=5, batch_size=32):
    rng = jax.random.key(0)
    rng, init_rng = jax.random.split(rng)
    state = create_state(init_rng)
    order = np.random.default_rng(0)
    for epoch in range(epochs):
        for rows in np.array_split(order.permutation(len(labels)), len(labels) // batch_size):
            rng, step_rng = jax.random.split(rng)
            state, loss = train_step(state, images[rows], questions[rows], labels[rows], step_rng)
        print(epoch, float(loss))
    return state
