# quick experiment, run as: python training_script.py
"""One-off script: no functions for the data, everything runs from top to bottom."""

import os

import jax
import matplotlib.pyplot as plt
import numpy as np
import optax
import sklearn.datasets
from flax import nnx

os.makedirs("figures", exist_ok=True)
SEED = 0
HIDDEN = 64

data = sklearn.datasets.load_breast_cancer()
rng = np.random.default_rng(SEED)
idx = rng.permutation(data.data.shape[0])
x_train, y_train = data.data[idx[:469]], data.target[idx[:469]]
x_test, y_test = data.data[idx[469:]], data.target[idx[469:]]
m, s = x_train.mean(0), x_train.std(0)
x_train, x_test = (x_train - m) / s, (x_test - m) / s


class Net(nnx.Module):
    def __init__(self, rngs):
        self.l1 = nnx.Linear(x_train.shape[1], HIDDEN, kernel_init=jax.nn.initializers.he_normal(), rngs=rngs)
        self.l2 = nnx.Linear(HIDDEN, len(data.target_names), kernel_init=jax.nn.initializers.he_normal(), rngs=rngs)

    def __call__(self, x):
        return self.l2(jax.nn.relu(self.l1(x)))


net = Net(nnx.Rngs(SEED))
optimizer = nnx.Optimizer(net, optax.adam(1e-3), wrt=nnx.Param)


@nnx.jit
def train_step(net, optimizer, x, y):
    def loss_fn(net):
        logits = net(x)
        return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()

    loss, grads = nnx.value_and_grad(loss_fn)(net)
    optimizer.update(net, grads)
    return loss


curve = []
for epoch in range(20):
    order = rng.permutation(len(x_train))
    for i in range(0, len(order), 32):
        loss = train_step(net, optimizer, x_train[order[i : i + 32]], y_train[order[i : i + 32]])
    curve.append(float(loss))
    print(epoch, curve[-1])

print("accuracy", float((net(x_test).argmax(1) == y_test).mean()))
plt.plot(curve)
plt.xlabel("epoch")
plt.ylabel("loss")
plt.savefig(os.path.join("figures", "curve.png"))
