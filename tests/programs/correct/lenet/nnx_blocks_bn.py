"""research/models/convnet.py -- conv/bn/relu blocks, then an MLP head."""
import jax
import jax.numpy as jnp
import optax
from flax import nnx


class ConvBlock(nnx.Module):
    def __init__(self, cin, cout, pad, rngs):
        self.conv = nnx.Conv(cin, cout, (5, 5), padding=pad, rngs=rngs)
        self.norm = nnx.BatchNorm(cout, momentum=0.9, rngs=rngs)

    def __call__(self, x, train):
        x = self.conv(x)
        x = self.norm(x, use_running_average=not train)
        x = jax.nn.relu(x)
        return nnx.avg_pool(x, (2, 2), strides=(2, 2))


class Head(nnx.Module):
    def __init__(self, sizes, rngs):
        self.layers = nnx.List(
            [nnx.Linear(a, b, rngs=rngs) for a, b in zip(sizes[:-1], sizes[1:])]
        )

    def __call__(self, x):
        *hidden, last = self.layers
        for layer in hidden:
            x = jax.nn.relu(layer(x))
        return last(x)


class BNLeNet(nnx.Module):
    def __init__(self, widths=(6, 16), num_classes=10, *, rngs: nnx.Rngs):
        self.stem = ConvBlock(1, widths[0], "SAME", rngs)
        self.body = ConvBlock(widths[0], widths[1], "VALID", rngs)
        self.head = Head((25 * widths[1], 120, 84, num_classes), rngs)

    def __call__(self, images, train: bool = False):
        feats = self.stem(images, train)
        feats = self.body(feats, train)
        feats = feats.reshape(feats.shape[0], -1)
        return self.head(feats)


def loss_fn(model, x, y):
    logits = model(x, train=True)
    logp = jax.nn.log_softmax(logits, axis=-1)
    onehot = jax.nn.one_hot(y, logits.shape[-1])
    return -(onehot * logp).sum(axis=-1).mean()


optimizer = optax.adamw(3e-4, weight_decay=1e-4)


@nnx.jit
def train_step(model, opt, x, y):
    loss, grads = nnx.value_and_grad(loss_fn)(model, x, y)
    opt.update(model, grads)
    return loss


def accuracy(logits, labels):
    return (logits.argmax(axis=-1) == labels).mean()


if __name__ == "__main__":
    net = BNLeNet(rngs=nnx.Rngs(0))
    opt = nnx.Optimizer(net, optimizer, wrt=nnx.Param)
    key = jax.random.key(7)
    x = jax.random.uniform(key, (64, 28, 28, 1))
    y = jnp.arange(64) % 10
    for _ in range(3):
        print(train_step(net, opt, x, y), accuracy(net(x), y))
