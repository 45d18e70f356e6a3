# %% [markdown]
# # Pictures and words
# Exported from a notebook. A first try at answering questions on 28x28 pictures.
"""Notebook: LeNet-like image branch, LSTM question branch, joint classifier."""

# %%
import os

os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

print("jax", jax.__version__)
rng = np.random.default_rng(2024)

# %% the world
WORDS = "_ big small up down ? it is the thing not or here so".split()
N_ANSWERS = 5


def scene():
    big, up = rng.integers(0, 2, 2)
    img = rng.normal(0.1, 0.05, (28, 28, 1))
    r, row, col = (6 if big else 3), (8 if up else 19), rng.integers(7, 21)
    img[row - r : row + r, col - r : col + r] += 0.9
    asked = rng.integers(1, 5)
    ids = [WORDS.index("is"), WORDS.index("it"), asked, WORDS.index("?")]
    return img, ids, int([big, not big, up, not up][asked - 1])


examples = [scene() for _ in range(1200)]
images = np.array([e[0] for e in examples], np.float32)
questions = np.array([e[1] for e in examples], np.int32)
labels = np.array([e[2] for e in examples], np.int32)
print(images.shape, questions.shape, np.bincount(labels))

# %% the model
he = nnx.initializers.he_normal()
xavier = nnx.initializers.xavier_uniform()


class Model(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.c1 = nnx.Conv(1, 6, (5, 5), padding="SAME", kernel_init=he, rngs=rngs)
        self.c2 = nnx.Conv(6, 16, (5, 5), padding="VALID", kernel_init=he, rngs=rngs)
        self.emb = nnx.Embed(len(WORDS), 32, rngs=rngs)
        self.W = nnx.Param(jnp.stack([xavier(rngs.params(), (32, 64)) for _ in range(4)]))
        self.U = nnx.Param(jnp.stack([xavier(rngs.params(), (64, 64)) for _ in range(4)]))
        self.b = nnx.Param(jnp.zeros((4, 64)))
        self.d1 = nnx.Linear(464, 128, kernel_init=he, rngs=rngs)
        self.d2 = nnx.Linear(128, N_ANSWERS, kernel_init=he, rngs=rngs)

    def see(self, x):
        x = nnx.avg_pool(nnx.relu(self.c1(x)), (2, 2), (2, 2))
        x = nnx.avg_pool(nnx.relu(self.c2(x)), (2, 2), (2, 2))
        return jnp.reshape(x, (x.shape[0], 400))

    def hear(self, ids):
        v = self.emb(ids)
        h = c = jnp.zeros((v.shape[0], 64))
        for k in range(v.shape[1]):
            # all four gates in one go: gate, batch, unit
            z = v[:, k] @ self.W[...] + h @ self.U[...] + self.b[...][:, None]
            f, i, o = nnx.sigmoid(z[:3])
            c = f * c + i * jnp.tanh(z[3])
            h = o * jnp.tanh(c)
        return h

    def __call__(self, image, question):
        z = jnp.hstack([self.see(image), self.hear(question)])
        return self.d2(nnx.relu(self.d1(z)))


model = Model(nnx.Rngs(7))
optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)


# %% training
def loss_fn(model, image, question, label):
    return optax.softmax_cross_entropy_with_integer_labels(model(image, question), label).mean()


@nnx.jit
def train_step(model, optimizer, image, question, label):
    loss, grads = nnx.value_and_grad(loss_fn)(model, image, question, label)
    optimizer.update(model, grads)
    return loss


for start in range(0, 1000, 50):
    part = slice(start, start + 50)
    loss = train_step(model, optimizer, images[part], questions[part], labels[part])
print("loss after one pass", loss)

# %% evaluation
guess = model(images[1000:], questions[1000:]).argmax(1)
print("held-out accuracy", (guess == labels[1000:]).mean())
