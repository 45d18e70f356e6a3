"""Questions about shapes, NNX version.

Class names follow the paper draft: a Looker (convnet), a Reader (embedding + LSTM),
and the Thinker on top, which is the model.
"""
import jax
import jax.numpy as jnp
import optax
from flax import nnx


class Looker(nnx.Module):
    def __init__(self, channels: int, rngs: nnx.Rngs):
        init = nnx.initializers.he_normal()
        self.near = nnx.Conv(channels, 6, (5, 5), padding=2, kernel_init=init, rngs=rngs)
        self.far = nnx.Conv(6, 16, (5, 5), padding=0, kernel_init=init, rngs=rngs)

    def __call__(self, picture):
        for conv in (self.near, self.far):
            picture = nnx.relu(conv(picture))
            picture = nnx.avg_pool(picture, (2, 2), strides=(2, 2))
        return picture.reshape(picture.shape[0], -1)


class Reader(nnx.Module):
    def __init__(self, vocabulary: int, width: int, hidden: int, rngs: nnx.Rngs):
        self.table = nnx.Embed(vocabulary, width, rngs=rngs)
        self.rnn = nnx.RNN(nnx.LSTMCell(width, hidden, rngs=rngs), return_carry=True, rngs=rngs)

    def __call__(self, words):
        vectors = self.table(words)
        (c, h), _ = self.rnn(vectors)
        return h


class Thinker(nnx.Module):
    def __init__(self, vocabulary: int = 16, num_classes: int = 8, channels: int = 1, *, rngs: nnx.Rngs):
        self.looker = Looker(channels, rngs)
        self.reader = Reader(vocabulary, 32, 48, rngs)
        self.mix = nnx.Linear(400 + 48, 128, rngs=rngs)
        self.drop = nnx.Dropout(0.25, rngs=rngs)
        self.answer = nnx.Linear(128, num_classes, rngs=rngs)

    def __call__(self, image, words):
        seen = self.looker(image)
        read = self.reader(words)
        thought = self.mix(jnp.concatenate((seen, read), axis=1))
        thought = nnx.relu(thought)
        thought = self.drop(thought)
        return self.answer(thought)


def cross_entropy(logits, labels):
    target = jax.nn.one_hot(labels, logits.shape[1])
    return -(target * nnx.log_softmax(logits, axis=1)).sum(axis=1).mean()


def make_optimizer(model):
    return nnx.Optimizer(model, optax.adam(3e-4), wrt=nnx.Param)


@nnx.jit
def train_step(model, optimizer, image, words, labels):
    def objective(model):
        return cross_entropy(model(image, words), labels)

    loss, grads = nnx.value_and_grad(objective)(model)
    optimizer.update(model, grads)
    return loss


@nnx.jit
def accuracy(logits, labels):
    return (logits.argmax(1) == labels).mean()


if __name__ == "__main__":
    model = Thinker(rngs=nnx.Rngs(0))
    optimizer = make_optimizer(model)
    key = jax.random.key(0)
    picture = jax.random.uniform(key, (16, 28, 28, 1))
    words = jax.random.randint(key, (16, 6), 0, 16)
    model.train()
    for _ in range(10):
        print(train_step(model, optimizer, picture, words, jnp.arange(16) % 8))
