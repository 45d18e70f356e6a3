"""NNX without nnx.Linear: the module owns its arrays as nnx.Param and does the algebra itself."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


class Linear(nnx.Module):
    def __init__(self, din: int, dout: int, *, rngs: nnx.Rngs):
        std = (2.0 / din) ** 0.5
        self.w = nnx.Param(std * jax.random.normal(rngs.params(), (din, dout)))
        self.b = nnx.Param(jnp.zeros((dout,)))

    def __call__(self, x):
        return x @ self.w[...] + self.b[...]


class TwoLayerNet(nnx.Module):
    def __init__(self, din: int = 30, dhidden: int = 64, dout: int = 2, *, rngs: nnx.Rngs):
        self.linear1 = Linear(din, dhidden, rngs=rngs)
        self.linear2 = Linear(dhidden, dout, rngs=rngs)

    def __call__(self, x):
        h = self.linear1(x)
        h = jnp.where(h < 0, 0, h)
        return self.linear2(h)


def loss_fn(model, x, y):
    logits = model(x)
    log_z = jax.scipy.special.logsumexp(logits, axis=-1)
    score = jnp.einsum("bc,bc->b", logits, jax.nn.one_hot(y, 2))
    return jnp.mean(log_z - score)


@nnx.jit
def train_step(model, optimizer, x, y):
    loss, grads = nnx.value_and_grad(loss_fn)(model, x, y)
    optimizer.update(model, grads)
    return loss


def normalize(x, mean, std):
    return np.asarray((x - mean) / std, dtype=np.float32)


def iterate_batches(x, y, batch_size=32, *, rng):
    order = rng.permutation(len(x))
    for start in range(0, len(x), batch_size):
        chosen = order[start : start + batch_size]
        yield x[chosen], y[chosen]


def main():
    from sklearn import datasets, model_selection

    x, y = datasets.load_breast_cancer(return_X_y=True)
    x, x_test, y, y_test = model_selection.train_test_split(x, y, test_size=0.3, random_state=0, stratify=y)
    mean, std = x.mean(axis=0), x.std(axis=0)
    x, x_test = normalize(x, mean, std), normalize(x_test, mean, std)

    model = TwoLayerNet(rngs=nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(3e-4), wrt=nnx.Param)
    rng = np.random.default_rng(0)
    for epoch in range(80):
        losses = [train_step(model, optimizer, xb, yb) for xb, yb in iterate_batches(x, y, rng=rng)]
        if epoch % 20 == 0:
            print(f"epoch {epoch}: {float(sum(losses)) / len(losses):.4f}")
    print("test accuracy:", float(jnp.mean(model(x_test).argmax(-1) == y_test)))


if __name__ == "__main__":
    main()
