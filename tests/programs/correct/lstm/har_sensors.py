# ---
# Human activity from a phone in the pocket (Kaggle notebook, exported)
# windows of accelerometer readings -> one of six activities
# ---

# In[1]:
import jax
import jax.numpy as jnp
import flax.linen as nn
import optax
from flax.training import train_state

ACTIVITIES = ["walking", "upstairs", "downstairs", "sitting", "standing", "laying"]

# In[2]:  the model: two stacked LSTMs, the state after the whole window, a classifier


class ActivityNet(nn.Module):
    hidden: int = 64
    num_classes: int = len(ACTIVITIES)
    drop: float = 0.3

    def setup(self):
        self.lower = nn.RNN(nn.OptimizedLSTMCell(self.hidden))
        self.upper = nn.RNN(nn.OptimizedLSTMCell(self.hidden))
        self.dropout = nn.Dropout(self.drop)
        self.classify = nn.Dense(self.num_classes)

    def __call__(self, windows, train: bool = False):
        seq = self.lower(windows)
        seq = self.upper(seq)
        summary = seq[:, -1]
        summary = self.dropout(summary, deterministic=not train)
        return self.classify(summary)


# In[3]:


def criterion(logits, labels):
    per_window = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
    return per_window.mean()


def accuracy(logits, labels):
    return (logits.argmax(axis=-1) == labels).mean()


tx = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3))


def create_state(key, features=9, steps=128):
    net = ActivityNet()
    variables = net.init(key, jnp.zeros((1, steps, features)))
    return train_state.TrainState.create(apply_fn=net.apply, params=variables["params"], tx=tx)


# In[4]:


@jax.jit
def train_step(state, batch, key):
    def objective(params):
        logits = state.apply_fn({"params": params}, batch["x"], train=True, rngs={"dropout": key})
        return criterion(logits, batch["y"]), logits

    (loss, logits), grads = jax.value_and_grad(objective, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), loss, accuracy(logits, batch["y"])


# In[5]:
if __name__ == "__main__":
    import numpy as np

    rng = np.random.default_rng(0)
    state = create_state(jax.random.key(0))
    key = jax.random.key(1)
    for epoch in range(2):
        key, sub = jax.random.split(key)
        fake = {"x": rng.normal(size=(32, 128, 9)).astype("float32"), "y": rng.integers(0, 6, 32)}
        state, loss, acc = train_step(state, fake, sub)
        print(epoch, loss, acc)
