"""Questions on pictures in Flax NNX: accuracy over batches of dicts."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


class VQA(nnx.Module):
    def __init__(self, rngs: nnx.Rngs, classes=10, vocabulary=30):
        self.conv1 = nnx.Conv(1, 6, (5, 5), padding="SAME", rngs=rngs)
        self.conv2 = nnx.Conv(6, 16, (5, 5), padding="VALID", rngs=rngs)
        self.embed = nnx.Embed(vocabulary, 32, rngs=rngs)
        self.rnn = nnx.RNN(nnx.LSTMCell(32, 64, rngs=rngs))
        self.fc = nnx.Linear(400 + 64, 128, rngs=rngs)
        self.out = nnx.Linear(128, classes, rngs=rngs)

    def __call__(self, image, words):
        v = nnx.avg_pool(nnx.relu(self.conv1(image)), (2, 2), strides=(2, 2))
        v = nnx.avg_pool(nnx.relu(self.conv2(v)), (2, 2), strides=(2, 2))
        v = v.reshape(v.shape[0], -1)
        q = self.rnn(self.embed(words))[:, -1]
        return self.out(nnx.relu(self.fc(jnp.concatenate([v, q], axis=-1))))


def loss_fn(model, batch):
    logits = model(batch["image"], batch["words"])
    return optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"]).mean()


@nnx.jit
def train_step(model, optimizer, batch):
    loss, grads = nnx.value_and_grad(loss_fn)(model, batch)
    optimizer.update(model, grads)
    return loss


@nnx.jit
def eval_step(model, batch):
    logits = model(batch["image"], batch["words"])
    return jnp.argmax(logits, axis=-1) == batch["label"]


def evaluate(model, batches):
    hits = [np.asarray(eval_step(model, batch)) for batch in batches]
    return float(np.concatenate(hits).mean())


def make(n, seed):
    rng = np.random.default_rng(seed)
    words = rng.integers(1, 30, (n, 8)).astype(np.int32)
    return {"image": rng.random((n, 28, 28, 1), np.float32), "words": words, "label": words[:, 0] % 10}


def batched(data, size):
    for i in range(0, len(data["label"]), size):
        yield jax.tree.map(lambda array: array[i : i + size], data)


def main():
    train, test = make(2000, 0), make(330, 1)
    model = VQA(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(3e-4), wrt=nnx.Param)
    for epoch in range(3):
        for batch in batched(train, 32):
            loss = train_step(model, optimizer, batch)
        accuracy = evaluate(model, batched(test, 32))
        print(f"epoch {epoch}: loss {float(loss):.4f}, accuracy on the test set {accuracy:.3f}")


if __name__ == "__main__":
    main()
