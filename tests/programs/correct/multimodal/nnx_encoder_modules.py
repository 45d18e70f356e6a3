"""Image and text encoders as modules of their own, fused by a small MLP head (Flax NNX).

A batch is a dict with "image", "question" and "label". The LSTM cell is spelt out with one fused layer per source.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


def blockwise(init, blocks):
    """Initialises each of the `blocks` column blocks of a kernel separately."""

    def wrapped(key, shape, dtype=jnp.float32):
        keys = jax.random.split(key, blocks)
        return jnp.concatenate([init(k, (shape[0], shape[1] // blocks), dtype) for k in keys], axis=-1)

    return wrapped


class ImageEncoder(nnx.Module):
    """[B, 28, 28, 1] -> [B, 400]"""

    def __init__(self, *, rngs: nnx.Rngs):
        kernel_init = nnx.initializers.kaiming_normal()
        self.first = nnx.Conv(1, 6, (5, 5), kernel_init=kernel_init, rngs=rngs)
        self.second = nnx.Conv(6, 16, (5, 5), padding="VALID", kernel_init=kernel_init, rngs=rngs)

    def pool(self, x):
        b, h, w, c = x.shape
        return x.reshape(b, h // 2, 2, w // 2, 2, c).mean(axis=(2, 4))

    def __call__(self, x):
        x = self.pool(jax.nn.relu(self.first(x)))
        x = self.pool(jax.nn.relu(self.second(x)))
        return x.reshape(len(x), -1)


class QuestionEncoder(nnx.Module):
    """[B, T] token ids -> [B, 64]"""

    def __init__(self, vocab_size, embed_dim=32, hidden=64, *, rngs: nnx.Rngs):
        init = blockwise(nnx.initializers.xavier_uniform(), 4)
        self.hidden = hidden
        self.table = nnx.Embed(vocab_size, embed_dim, rngs=rngs)
        self.ih = nnx.Linear(embed_dim, 4 * hidden, kernel_init=init, rngs=rngs)
        self.hh = nnx.Linear(hidden, 4 * hidden, use_bias=False, kernel_init=init, rngs=rngs)

    def __call__(self, tokens):
        projected = self.ih(self.table(tokens))  # the whole question at once
        h = jnp.zeros((len(tokens), self.hidden))
        c = jnp.zeros((len(tokens), self.hidden))
        for t in range(tokens.shape[1]):
            i, f, o, g = jnp.split(projected[:, t] + self.hh(h), 4, axis=-1)
            c = nnx.sigmoid(f) * c + nnx.sigmoid(i) * jnp.tanh(g)
            h = nnx.sigmoid(o) * jnp.tanh(c)
        return h


class FusionModel(nnx.Module):
    def __init__(self, vocab_size=14, num_classes=5, *, rngs: nnx.Rngs):
        kernel_init = nnx.initializers.kaiming_normal()
        self.image_encoder = ImageEncoder(rngs=rngs)
        self.question_encoder = QuestionEncoder(vocab_size, rngs=rngs)
        self.fuse = nnx.Linear(464, 128, kernel_init=kernel_init, rngs=rngs)
        self.classify = nnx.Linear(128, num_classes, kernel_init=kernel_init, rngs=rngs)

    def __call__(self, batch):
        image_features = self.image_encoder(batch["image"])
        text_features = self.question_encoder(batch["question"])
        joint = jnp.concatenate([image_features, text_features], axis=1)
        return self.classify(jax.nn.relu(self.fuse(joint)))


def loss_fn(model, batch):
    logits = model(batch)
    log_probs = jax.nn.log_softmax(logits)
    targets = jax.nn.one_hot(batch["label"], logits.shape[-1])
    loss = -(targets * log_probs).sum(axis=-1).mean()
    return loss, logits


@nnx.jit
def train_step(model, optimizer, batch):
    (loss, logits), grads = nnx.value_and_grad(loss_fn, has_aux=True)(model, batch)
    optimizer.update(model, grads)
    return loss, (logits.argmax(-1) == batch["label"]).mean()


def quadrant_batches(batch_size, seed):
    """Bright patch in one of four corners; tokens 1..4 name a corner; is that where it is? 5 answers, two used."""
    rng = np.random.default_rng(seed)
    while True:
        image = rng.uniform(0, 0.2, (batch_size, 28, 28, 1)).astype(np.float32)
        corner = rng.integers(0, 4, batch_size)
        for n, k in enumerate(corner):
            image[n, 14 * (k // 2) + 4 : 14 * (k // 2) + 10, 14 * (k % 2) + 4 : 14 * (k % 2) + 10] += 0.8
        asked = np.where(rng.random(batch_size) < 0.5, corner, rng.integers(0, 4, batch_size))
        question = np.stack([rng.integers(5, 14, batch_size), asked + 1, rng.integers(5, 14, batch_size)], 1)
        yield {"image": image, "question": question.astype(np.int32), "label": (asked == corner).astype(np.int32)}


if __name__ == "__main__":
    model = FusionModel(rngs=nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(3e-4), wrt=nnx.Param)
    for step, batch in zip(range(2000), quadrant_batches(32, seed=0)):
        loss, accuracy = train_step(model, optimizer, batch)
        if step % 100 == 0:
            print(f"{step:5d} loss {loss:.3f} accuracy {accuracy:.2f}")
