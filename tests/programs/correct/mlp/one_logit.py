"""Benign or malignant as one logit: binary cross-entropy on a single output unit (Flax NNX)."""

import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler


class BinaryClassifier(nnx.Module):
    """Logit of the positive class, shape (batch,)."""

    def __init__(self, num_features: int = 30, width: int = 64, *, rngs: nnx.Rngs):
        self.hidden = nnx.Linear(num_features, width, kernel_init=nnx.initializers.he_normal(), rngs=rngs)
        self.logit = nnx.Linear(width, 1, kernel_init=nnx.initializers.he_normal(), rngs=rngs)

    def __call__(self, x):
        h = nnx.relu(self.hidden(x))
        out = self.logit(h)
        return out.squeeze(-1)


def loss_fn(model, x, y):
    logits = model(x)
    return optax.sigmoid_binary_cross_entropy(logits, y.astype(jnp.float32)).mean()


@nnx.jit
def train_step(model, optimizer, x, y):
    loss, grads = nnx.value_and_grad(loss_fn)(model, x, y)
    optimizer.update(model, grads)
    return loss


@nnx.jit
def accuracy(model, x, y):
    return jnp.mean((model(x) > 0) == (y == 1))


def batches(x, y, batch_size, seed):
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(x))
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        yield x[chosen], y[chosen]


def main(epochs: int = 60, batch_size: int = 32):
    x, y = load_breast_cancer(return_X_y=True)
    cut = 450
    order = np.random.default_rng(0).permutation(len(x))
    x, y = x[order], y[order]
    scaler = StandardScaler().fit(x[:cut])
    x = scaler.transform(x).astype(np.float32)

    model = BinaryClassifier(rngs=nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
    for epoch in range(epochs):
        for xb, yb in batches(x[:cut], y[:cut], batch_size, seed=epoch):
            loss = train_step(model, optimizer, xb, yb)
        if epoch % 10 == 0:
            print(f"epoch {epoch}: loss {loss:.4f}, held-out accuracy {accuracy(model, x[cut:], y[cut:]):.3f}")


if __name__ == "__main__":
    main()
