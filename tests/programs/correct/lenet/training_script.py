"""LeNet, the notebook turned into a script. Runs on import, draws the curve at the end."""
# %%
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import optax
from flax import linen as nn
from sklearn.datasets import load_digits

print(jax.__version__, jax.devices())
np.random.seed(42)

# %% data
digits = load_digits()
X = np.pad(np.kron(digits.images / 16.0, np.ones((3, 3))), ((0, 0), (2, 2), (2, 2)))[..., None]
X = X.astype(np.float32)
Y = digits.target
perm = np.random.permutation(len(X))
X, Y = X[perm], Y[perm]
X_train, Y_train, X_test, Y_test = X[:1500], Y[:1500], X[1500:], Y[1500:]
NUM_CLASSES = len(np.unique(Y))

# %% model
init = nn.initializers.he_normal()


class LeNet(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.Conv(6, (5, 5), padding="SAME", kernel_init=init)(x)
        x = nn.avg_pool(nn.relu(x), (2, 2), strides=(2, 2))
        x = nn.Conv(16, (5, 5), padding="VALID", kernel_init=init)(x)
        x = nn.avg_pool(nn.relu(x), (2, 2), strides=(2, 2))
        x = x.reshape((x.shape[0], -1))
        x = nn.relu(nn.Dense(120, kernel_init=init)(x))
        x = nn.relu(nn.Dense(84, kernel_init=init)(x))
        return nn.Dense(NUM_CLASSES, kernel_init=init)(x)


lenet = LeNet()
params = lenet.init(jax.random.PRNGKey(0), X_train[:1])
tx = optax.adam(1e-3)
opt_state = tx.init(params)


# %% training
def loss_fn(params, x, y):
    logits = lenet.apply(params, x)
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()


@jax.jit
def train_step(params, opt_state, x, y):
    loss, grads = jax.value_and_grad(loss_fn)(params, x, y)
    updates, opt_state = tx.update(grads, opt_state)
    return optax.apply_updates(params, updates), opt_state, loss


history = []
for epoch in range(1):
    order = np.random.permutation(len(X_train))
    for i in range(0, len(order), 64):
        idx = order[i : i + 64]
        params, opt_state, loss = train_step(params, opt_state, X_train[idx], Y_train[idx])
        history.append(float(loss))

# %% evaluation
predictions = jnp.argmax(lenet.apply(params, X_test), axis=-1)
print("test accuracy", float((predictions == Y_test).mean()))
plt.plot(history)
plt.savefig("loss.png")
