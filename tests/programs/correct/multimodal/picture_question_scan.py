# picture + question -> probability of each answer          (seminar project, group 4)
#
# own LSTM cell, run with nnx.scan; gates are computed together, order o, f, i, candidate
import jax
import jax.numpy as jnp
import optax
from flax import nnx


class QuestionCell(nnx.Module):
    def __init__(self, n_embed, n_state, rngs):
        self.n_state = n_state
        self.from_word = nnx.Linear(n_embed, 4 * n_state, use_bias=False, rngs=rngs)
        self.from_state = nnx.Linear(
            n_state, 4 * n_state, kernel_init=nnx.initializers.orthogonal(), rngs=rngs
        )

    def __call__(self, state, word):
        hidden, memory = state
        pre = self.from_word(word) + self.from_state(hidden)
        gates, candidate = jnp.split(pre, [3 * self.n_state], axis=-1)
        show, keep, store = jnp.split(nnx.sigmoid(gates), 3, axis=-1)
        candidate = nnx.tanh(candidate)
        memory = keep * memory + store * candidate
        hidden = show * nnx.tanh(memory)
        return (hidden, memory), hidden


class PictureQuestion(nnx.Module):
    """Returns probabilities, they sum to one over the answers."""

    def __init__(self, n_words=12, n_embed=24, n_state=64, n_classes=4, *, rngs: nnx.Rngs):
        self.conv1 = nnx.Conv(1, 6, kernel_size=(5, 5), padding="SAME", rngs=rngs)
        self.conv2 = nnx.Conv(6, 16, kernel_size=(5, 5), padding="VALID", rngs=rngs)
        self.words = nnx.Embed(n_words, n_embed, rngs=rngs)
        self.cell = QuestionCell(n_embed, n_state, rngs)
        self.joint = nnx.Linear(16 * 5 * 5 + n_state, 128, rngs=rngs)
        self.final = nnx.Linear(128, n_classes, rngs=rngs)

    def see(self, image):
        a = nnx.relu(self.conv1(image))
        a = nnx.max_pool(a, window_shape=(2, 2), strides=(2, 2))
        a = nnx.relu(self.conv2(a))
        a = nnx.max_pool(a, window_shape=(2, 2), strides=(2, 2), padding="VALID")
        return jnp.reshape(a, (a.shape[0], -1))

    def listen(self, question):
        embedded = self.words(question)
        n = self.cell.n_state
        state = (jnp.zeros((question.shape[0], n)), jnp.zeros((question.shape[0], n)))

        @nnx.scan(in_axes=(None, nnx.Carry, 1), out_axes=(nnx.Carry, 1))
        def run(cell, state, word):
            return cell(state, word)

        (hidden, memory), _ = run(self.cell, state, embedded)
        return hidden

    def __call__(self, image, words):
        facts = jnp.concatenate([self.see(image), self.listen(words)], axis=-1)
        joint = nnx.relu(self.joint(facts))
        return nnx.softmax(self.final(joint))


def cross_entropy(probs, labels):
    chosen = jnp.take_along_axis(probs, labels[:, None], axis=1)
    return -jnp.mean(jnp.log(chosen + 1e-8))


def create_optimizer(model):
    return nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)


@nnx.jit
def train_step(model, optimizer, batch):
    def closure(model):
        return cross_entropy(model(batch["image"], batch["words"]), batch["label"])

    loss, grads = nnx.value_and_grad(closure)(model)
    optimizer.update(model, grads)
    return loss


if __name__ == "__main__":
    model = PictureQuestion(rngs=nnx.Rngs(4))
    optimizer = create_optimizer(model)
    k = jax.random.key(0)
    batch = {
        "image": jax.random.uniform(k, (12, 28, 28, 1)),
        "words": jax.random.randint(k, (12, 6), 0, 12),
        "label": jnp.arange(12) % 4,
    }
    for i in range(20):
        print(i, train_step(model, optimizer, batch))
