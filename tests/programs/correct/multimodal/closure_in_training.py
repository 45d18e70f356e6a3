"""Pictures and questions in NNX; the step is a closure in the training function."""

import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


class Answerer(nnx.Module):
    def __init__(self, *, rngs: nnx.Rngs):
        self.conv1 = nnx.Conv(1, 6, (5, 5), padding="SAME", rngs=rngs)
        self.conv2 = nnx.Conv(6, 16, (5, 5), padding="VALID", rngs=rngs)
        self.embed = nnx.Embed(14, 32, rngs=rngs)
        self.rnn = nnx.RNN(nnx.LSTMCell(32, 64, rngs=rngs))
        self.hidden = nnx.Linear(464, 128, rngs=rngs)
        self.dropout = nnx.Dropout(0.3, rngs=rngs)
        self.out = nnx.Linear(128, 5, rngs=rngs)

    def __call__(self, image, words):
        x = nnx.avg_pool(nnx.relu(self.conv1(image)), (2, 2), strides=(2, 2))
        x = nnx.avg_pool(nnx.relu(self.conv2(x)), (2, 2), strides=(2, 2))
        x = x.reshape(x.shape[0], -1)
        q = self.rnn(self.embed(words))[:, -1]
        h = nnx.relu(self.hidden(jnp.concatenate([x, q], axis=-1)))
        return self.out(self.dropout(h))


def loss_fn(model, batch):
    logits = model(batch["image"], batch["words"])
    return optax.softmax_cross_entropy_with_integer_labels(logits, batch["answer"]).mean()


def train(data, epochs=10, batch_size=32, learning_rate=1e-3, seed=0):
    model = Answerer(rngs=nnx.Rngs(seed))
    optimizer = nnx.Optimizer(model, optax.adam(learning_rate), wrt=nnx.Param)

    @nnx.jit
    def train_step(model, optimizer, batch):
        loss, grads = nnx.value_and_grad(loss_fn)(model, batch)
        optimizer.update(model, grads)
        return loss

    rng = np.random.default_rng(seed)
    losses = []
    for epoch in range(epochs):
        for rows in np.array_split(rng.permutation(len(data["answer"])), len(data["answer"]) // batch_size):
            loss = train_step(model, optimizer, {name: array[rows] for name, array in data.items()})
            losses.append(float(loss))
    return model, losses
