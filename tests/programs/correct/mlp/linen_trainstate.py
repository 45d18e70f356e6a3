import jax
import jax.numpy as jnp
import optax
from flax import linen as nn
from flax import struct
from flax.training.train_state import TrainState


@struct.dataclass
class Batch:
    x: jax.Array
    y: jax.Array


class Block(nn.Module):
    dim: int

    @nn.compact
    def __call__(self, x):
        y = nn.Dense(self.dim, kernel_init=nn.initializers.glorot_uniform())(x)
        return jnp.tanh(y)


class MLP(nn.Module):
    """Feed-forward classifier: three tanh blocks and a linear read-out."""
    num_classes: int = 2

    def setup(self):
        self.block1 = Block(48)
        self.block2 = Block(48)
        self.block3 = Block(48)
        self.readout = nn.Dense(self.num_classes)

    def __call__(self, x):
        h = self.block1(x)
        h = self.block2(h)
        h = self.block3(h)
        return self.readout(h)


tx = optax.adamw(1e-3)


def create_state(seed=0, n_features=30):
    model = MLP()
    variables = model.init(jax.random.PRNGKey(seed), jnp.ones((1, n_features)))
    return TrainState.create(apply_fn=model.apply, params=variables["params"], tx=tx)


def cross_entropy(logits, labels):
    labels = jax.nn.one_hot(labels, 2)
    return jnp.mean(optax.softmax_cross_entropy(logits=logits, labels=labels))


@jax.jit
def train_step(state, batch):
    def loss_fn(params):
        logits = state.apply_fn({"params": params}, batch[0])
        return cross_entropy(logits, batch[1]), logits

    (loss, logits), grads = jax.value_and_grad(loss_fn, has_aux=True)(state.params)
    state = state.apply_gradients(grads=grads)
    return state, loss


@jax.jit
def eval_step(state, batch):
    logits = state.apply_fn({"params": state.params}, batch[0])
    return jnp.mean(jnp.argmax(logits, -1) == batch[1])


if __name__ == "__main__":
    kx, ky = jax.random.split(jax.random.PRNGKey(1))
    b = Batch(jax.random.normal(kx, (128, 30)), jax.random.bernoulli(ky, shape=(128,)).astype(int))
    state = create_state()
    for i in range(10):
        state, loss = train_step(state, (b.x, b.y))
    print(loss, eval_step(state, (b.x, b.y)))
