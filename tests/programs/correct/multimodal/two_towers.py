"""Two towers of equal width: pixels and words, ported from a Keras functional model.

Words come first in the merge, as in the original `Concatenate()([txt, img])`.  The
network ends in log-probabilities, and the loss is the negative log-likelihood.
"""
import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

SIDE = 128  # each tower ends in a vector this wide: 4 * 4 * 8 for the pictures


class PixelTower(nn.Module):
    def setup(self):
        glorot = nn.initializers.glorot_uniform()
        self.conv_a = nn.Conv(12, (3, 3), padding="VALID", kernel_init=glorot)
        self.conv_b = nn.Conv(8, (6, 6), padding="VALID", kernel_init=glorot)

    def __call__(self, img):
        img = nn.relu(self.conv_a(img))
        img = nn.max_pool(img, (2, 2), (2, 2))
        img = nn.relu(self.conv_b(img))
        img = nn.avg_pool(img, (2, 2), (2, 2))
        return img.reshape(len(img), -1)


class WordTower(nn.Module):
    vocab: int

    def setup(self):
        self.embedding = nn.Embed(self.vocab, 40)
        self.lstm = nn.RNN(nn.LSTMCell(SIDE))

    def __call__(self, txt):
        return self.lstm(self.embedding(txt))[:, -1, :]


class TwoTowers(nn.Module):
    vocab: int = 30
    num_classes: int = 6

    def setup(self):
        self.pixels = PixelTower()
        self.words = WordTower(self.vocab)
        self.dense_1 = nn.Dense(128, kernel_init=nn.initializers.he_uniform())
        self.dense_2 = nn.Dense(self.num_classes)

    def __call__(self, image, words):
        img = self.pixels(image)
        txt = self.words(words)
        merged = jnp.concatenate([txt, img], axis=1).reshape(-1, 2 * SIDE)
        hidden = nn.relu(self.dense_1(merged))
        scores = self.dense_2(hidden)
        return nn.log_softmax(scores, axis=-1)


def criterion(log_probs, labels):
    one_hot = jax.nn.one_hot(labels, log_probs.shape[-1])
    return -jnp.mean(jnp.sum(log_probs * one_hot, axis=-1))


def compute_metrics(log_probs, labels):
    return {
        "loss": criterion(log_probs, labels),
        "accuracy": jnp.mean(jnp.argmax(log_probs, axis=-1) == labels),
    }


model = TwoTowers()
optimizer = optax.nadam(1e-3)


@jax.jit
def train_step(params, opt_state, image, words, labels):
    def compute(params):
        return criterion(model.apply(params, image, words), labels)

    loss, grads = jax.value_and_grad(compute)(params)
    updates, opt_state = optimizer.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss


def main():
    key = jax.random.PRNGKey(7)
    image = jax.random.uniform(key, (24, 28, 28, 1))
    words = jax.random.randint(key, (24, 6), 0, 30)
    labels = words[:, 0] % 6
    params = model.init(key, image, words)
    opt_state = optimizer.init(params)
    for i in range(30):
        params, opt_state, loss = train_step(params, opt_state, image, words, labels)
        if i % 10 == 0:
            print(i, compute_metrics(model.apply(params, image, words), labels))


if __name__ == "__main__":
    main()
