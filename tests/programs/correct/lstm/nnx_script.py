"""Quick experiment: does an LSTM learn to add two marked numbers? (Just run the file.)"""

import time

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

print("devices:", jax.devices())
np.random.seed(0)

T, N, H = 20, 2000, 128

# data
values = np.random.uniform(-1, 1, (N, T))
marks = np.zeros((N, T))
for n in range(N):
    marks[n, np.random.choice(T, 2, replace=False)] = 1
X = np.stack([values, marks], axis=-1).astype(np.float32)
Y = (0.5 + (values * marks).sum(axis=1) / 4).astype(np.float32)[:, None]
X_train, X_test = X[:1500], X[1500:]
Y_train, Y_test = Y[:1500], Y[1500:]
print("train", X_train.shape, "test", X_test.shape)


class Net(nnx.Module):
    def __init__(self, rngs):
        g = nnx.initializers.glorot_uniform()
        lin = lambda i, bias=True: nnx.Linear(i, H, use_bias=bias, kernel_init=g, rngs=rngs)
        self.xi, self.hi = lin(2), lin(H, False)
        self.xf, self.hf = lin(2), lin(H, False)
        self.xo, self.ho = lin(2), lin(H, False)
        self.xg, self.hg = lin(2), lin(H, False)
        self.out = nnx.Linear(H, 1, kernel_init=g, rngs=rngs)

    def __call__(self, x):
        h = c = jnp.zeros((len(x), H))
        for xt in jnp.unstack(x, axis=1):
            i = jax.nn.sigmoid(self.xi(xt) + self.hi(h))
            f = jax.nn.sigmoid(self.xf(xt) + self.hf(h))
            o = jax.nn.sigmoid(self.xo(xt) + self.ho(h))
            g = jnp.tanh(self.xg(xt) + self.hg(h))
            c = c * f + i * g
            h = jnp.tanh(c) * o
        return self.out(h)


net = Net(nnx.Rngs(0))
opt = nnx.Optimizer(net, optax.adam(1e-3), wrt=nnx.Param)


def loss(net, x, y):
    return jnp.square(net(x) - y).mean()


@nnx.jit
def step(net, opt, x, y):
    l, g = nnx.value_and_grad(loss)(net, x, y)
    opt.update(net, g)
    return l


start = time.time()
for epoch in range(2):
    for b in range(0, len(X_train), 100):
        l = step(net, opt, X_train[b : b + 100], Y_train[b : b + 100])
    test = loss(net, X_test, Y_test)
    print(f"epoch {epoch} train {l:.4f} test {test:.4f} ({time.time() - start:.1f}s)")

print("done")
