# Ported from our PyTorch repo (models/lenet.py).  Data stays NCHW as in torchvision;
# flax convolutions are NHWC so we go back and forth at the edges.
import flax.linen as nn
import jax
import jax.numpy as jnp
import optax


def nchw_to_nhwc(x):
    return jnp.transpose(x, (0, 2, 3, 1))


class Features(nn.Module):
    def setup(self):
        self.conv1 = nn.Conv(6, (5, 5), padding=2)
        self.conv2 = nn.Conv(16, (5, 5), padding=0)

    def __call__(self, x):
        x = nn.relu(self.conv1(x))
        x = nn.avg_pool(x, (2, 2), strides=(2, 2))
        x = nn.relu(self.conv2(x))
        x = nn.avg_pool(x, (2, 2), strides=(2, 2))
        return x


class Classifier(nn.Module):
    n_classes: int = 10

    def setup(self):
        self.fc1 = nn.Dense(120)
        self.fc2 = nn.Dense(84)
        self.fc3 = nn.Dense(self.n_classes)

    def __call__(self, x):
        x = nn.relu(self.fc1(x))
        x = nn.relu(self.fc2(x))
        return self.fc3(x)


class Net(nn.Module):
    n_classes: int = 10

    def setup(self):
        self.features = Features()
        self.classifier = Classifier(self.n_classes)

    def __call__(self, x):  # x: (N, 1, 28, 28)
        n = x.shape[0]
        h = self.features(nchw_to_nhwc(x))
        # torch flattens channel first, keep it that way to load old checkpoints
        h = jnp.transpose(h, (0, 3, 1, 2)).reshape(n, -1)
        return self.classifier(h)


def criterion(output, target):
    """F.cross_entropy(output, target)"""
    log_p = jax.nn.log_softmax(output, axis=1)
    nll = -jnp.take_along_axis(log_p, target[:, None], axis=1)
    return jnp.mean(nll)


net = Net()
optimizer = optax.adam(1e-3)


@jax.jit
def train_step(params, opt_state, data, target):
    def closure(p):
        output = net.apply({"params": p}, data)
        return criterion(output, target)

    loss, grads = jax.value_and_grad(closure)(params)
    updates, opt_state = optimizer.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss


if __name__ == "__main__":
    data = jax.random.uniform(jax.random.key(1), (64, 1, 28, 28))
    target = jax.random.randint(jax.random.key(2), (64,), 0, 10)
    params = net.init(jax.random.key(0), data)["params"]
    opt_state = optimizer.init(params)
    for epoch in range(3):
        params, opt_state, loss = train_step(params, opt_state, data, target)
        print("epoch", epoch, "loss", loss)
