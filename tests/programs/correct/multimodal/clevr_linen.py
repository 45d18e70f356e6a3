# baseline "CNN+LSTM" for shapes-and-questions, flax.linen, everything in one compact module
from flax import linen as nn
from flax.training import train_state
import jax
import jax.numpy as jnp
import optax

cfg = dict(vocab=24, answers=8, emb=32, lstm=64, fc=128, lr=3e-4, seed=0)


class CnnLstm(nn.Module):
    vocab: int = cfg["vocab"]
    answers: int = cfg["answers"]

    @nn.compact
    def __call__(self, image, words):
        B = image.shape[0]

        # --- vision ---
        v = nn.Conv(6, (5, 5), padding=2, name="c1")(image)
        v = nn.relu(v)
        v = nn.max_pool(v, (2, 2), strides=(2, 2))
        v = nn.Conv(16, (5, 5), padding="VALID", name="c3")(v)
        v = nn.relu(v)
        v = nn.max_pool(v, (2, 2), strides=(2, 2))
        v = v.reshape((B, -1))

        # --- language ---
        w = nn.Embed(self.vocab, cfg["emb"], name="words")(words)
        w = nn.RNN(nn.LSTMCell(cfg["lstm"]), name="lstm")(w)
        w = w[:, -1]

        # --- fusion ---
        vw = jnp.concatenate([v, w], axis=1)
        vw = nn.Dense(cfg["fc"], name="fc")(vw)
        vw = nn.relu(vw)
        out = nn.Dense(self.answers, name="answer")(vw)
        return out


model = CnnLstm()
tx = optax.adam(cfg["lr"])


def xent(logits, labels):
    labels = jax.nn.one_hot(labels, logits.shape[-1])
    return optax.softmax_cross_entropy(logits=logits, labels=labels).mean()


def new_state(key):
    p = model.init(key, jnp.zeros((2, 28, 28, 1)), jnp.zeros((2, 5), jnp.int32))["params"]
    return train_state.TrainState.create(apply_fn=model.apply, params=p, tx=tx)


@jax.jit
def train_step(state, batch):
    def loss_fn(p):
        logits = model.apply({"params": p}, batch["image"], batch["words"])
        return xent(logits, batch["label"])

    loss, g = jax.value_and_grad(loss_fn)(state.params)
    return state.apply_gradients(grads=g), loss


def main():
    k = jax.random.PRNGKey(cfg["seed"])
    state = new_state(k)
    for n in range(300):
        k, a, b = jax.random.split(k, 3)
        words = jax.random.randint(a, (64, 5), 0, cfg["vocab"])
        batch = dict(image=jax.random.uniform(b, (64, 28, 28, 1)), words=words, label=words[:, 1] % cfg["answers"])
        state, loss = train_step(state, batch)
    print("final", loss)


if __name__ == "__main__":
    main()
