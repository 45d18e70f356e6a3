"""MLP with dropout and batch norm in NNX; the mode is set at every epoch."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

DROP_RATE = 0.2
EPOCHS = 30


class Net(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        init = nnx.initializers.he_normal()
        self.fc1 = nnx.Linear(30, 64, kernel_init=init, rngs=rngs)
        self.norm = nnx.BatchNorm(64, momentum=0.9, rngs=rngs)
        self.drop = nnx.Dropout(DROP_RATE, rngs=rngs)
        self.fc2 = nnx.Linear(64, 2, kernel_init=init, rngs=rngs)

    def __call__(self, x):
        x = self.norm(self.fc1(x))
        x = self.drop(nnx.relu(x))
        return self.fc2(x)


def loss_fn(model, x, y):
    logits = model(x)
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()


@nnx.jit
def train_step(model, optimizer, x, y):
    loss, grads = nnx.value_and_grad(loss_fn)(model, x, y)
    optimizer.update(model, grads)
    return loss


@nnx.jit
def predict(model, x):
    return model(x).argmax(axis=-1)


def train(x, y, x_val, y_val, lr=1e-3, seed=0):
    model = Net(nnx.Rngs(seed))
    optimizer = nnx.Optimizer(model, optax.adam(lr), wrt=nnx.Param)
    rng = np.random.default_rng(seed)
    history = []
    for epoch in range(EPOCHS):
        model.train()
        for rows in np.array_split(rng.permutation(len(x)), len(x) // 32):
            loss = train_step(model, optimizer, jnp.asarray(x[rows]), jnp.asarray(y[rows]))
            history.append(float(loss))
        model.eval()
        print(epoch, history[-1], float((predict(model, x_val) == y_val).mean()))
    return model, history


if __name__ == "__main__":
    from sklearn.datasets import load_breast_cancer

    data, target = load_breast_cancer(return_X_y=True)
    data = ((data - data[:400].mean(0)) / data[:400].std(0)).astype("float32")
    train(data[:400], target[:400], data[400:], target[400:])
