"""Answers as log-probabilities: the Linen model ends in log_softmax and the loss is the negative log likelihood.

The question is read in both directions. Weights use Flax's default initialisers.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax


class BothWays(nn.Module):
    """[batch, time] ids -> [batch, 2 * features]"""

    vocab: int
    embed: int
    features: int

    @nn.compact
    def __call__(self, ids):
        x = nn.Embed(self.vocab, self.embed, name="embed")(ids)
        ahead = nn.RNN(nn.OptimizedLSTMCell(self.features), return_carry=True, name="ahead")
        back = nn.RNN(nn.OptimizedLSTMCell(self.features), return_carry=True, reverse=True, name="back")
        (_, h_ahead), _ = ahead(x)
        (_, h_back), _ = back(x)
        return jnp.concatenate([h_ahead, h_back], axis=-1)


class AnswerModel(nn.Module):
    vocab: int = 14
    embed: int = 32
    features: int = 32
    classes: int = 5

    @nn.compact
    def __call__(self, inputs):
        x = inputs["image"]
        for features, padding in [(6, "SAME"), (16, "VALID")]:
            x = nn.Conv(features, (5, 5), padding=padding)(x)
            x = nn.relu(x)
            x = nn.avg_pool(x, (2, 2), strides=(2, 2))
        x = x.reshape((x.shape[0], -1))
        q = BothWays(self.vocab, self.embed, self.features)(inputs["question"])
        x = jnp.concatenate([x, q], axis=-1)
        x = nn.relu(nn.Dense(128)(x))
        return nn.log_softmax(nn.Dense(self.classes)(x))


def nll_loss(log_probs, labels):
    return -jnp.take_along_axis(log_probs, labels[:, None], axis=1).mean()


model = AnswerModel()
tx = optax.adamw(1e-3)


@jax.jit
def train_step(params, opt_state, batch):
    def loss_fn(params):
        return nll_loss(model.apply({"params": params}, batch), batch["label"])

    loss, grads = jax.value_and_grad(loss_fn)(params)
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss


@jax.jit
def accuracy(params, batch):
    return (model.apply({"params": params}, batch).argmax(axis=-1) == batch["label"]).mean()


def slopes(n, seed):
    """A bar leaning left or right, thick or thin; words 1-4 propose one of these, the answer is 1 if it is so."""
    rng = np.random.default_rng(seed)
    lean, thick = rng.integers(0, 2, n), rng.integers(0, 2, n)
    y, x = np.mgrid[:28, :28]
    image = np.empty((n, 28, 28, 1), np.float32)
    for k in range(n):
        line = (x - 13.5) - (1 if lean[k] else -1) * (y - 13.5) - rng.integers(-6, 7)
        image[k, ..., 0] = np.abs(line) < (5 if thick[k] else 2)
    word = rng.integers(1, 5, n)
    question = rng.integers(5, 14, (n, 5))
    question[np.arange(n), rng.integers(0, 5, n)] = word
    truth = np.stack([lean == 0, lean == 1, thick == 0, thick == 1], 1)
    label = truth[np.arange(n), word - 1]
    return {"image": image, "question": question.astype(np.int32), "label": label.astype(np.int32)}


def main():
    train, test = slopes(5000, 0), slopes(500, 1)
    params = model.init(jax.random.PRNGKey(0), jax.tree.map(lambda a: a[:1], train))["params"]
    opt_state = tx.init(params)
    rng = np.random.default_rng(0)
    for epoch in range(10):
        for rows in rng.permutation(5000).reshape(-1, 50):
            batch = jax.tree.map(lambda a: a[rows], train)
            params, opt_state, loss = train_step(params, opt_state, batch)
        print(f"{epoch}: {loss:.4f} {accuracy(params, test):.3f}")


if __name__ == "__main__":
    main()
