"""Port of a torch multimodal classifier. Keeps torch's NCHW layout inside; the data pipeline is NHWC.

The torch model: Conv2d/AvgPool2d twice, nn.Embedding + nn.LSTMCell, torch.cat, two nn.Linear
with nn.Dropout(0.25) between them. Sentences are read left to right.
"""
import jax
import jax.numpy as jnp
import optax
from flax import nnx


class Conv2d(nnx.Module):
    def __init__(self, c_in, c_out, k, padding=0, *, rngs):
        bound = (c_in * k * k) ** -0.5
        self.weight = nnx.Param(jax.random.uniform(rngs.params(), (c_out, c_in, k, k), minval=-bound, maxval=bound))
        self.bias = nnx.Param(jax.random.uniform(rngs.params(), (c_out,), minval=-bound, maxval=bound))
        self.padding = padding

    def __call__(self, x):
        pad = [(self.padding, self.padding)] * 2
        y = jax.lax.conv_general_dilated(x, self.weight[...], (1, 1), pad)
        return y + self.bias[...][None, :, None, None]


def avg_pool2d(x, k=2):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // k, k, w // k, k).mean(axis=(3, 5))


class LSTMCell(nnx.Module):
    def __init__(self, d, n, *, rngs):
        self.n = n
        self.ih = nnx.Linear(d, 4 * n, rngs=rngs)
        self.hh = nnx.Linear(n, 4 * n, rngs=rngs)

    def __call__(self, x, hc):
        h, c = hc
        ingate, forgetgate, cellgate, outgate = jnp.split(self.ih(x) + self.hh(h), 4, axis=1)
        ingate, forgetgate = nnx.sigmoid(ingate), nnx.sigmoid(forgetgate)
        cellgate, outgate = nnx.tanh(cellgate), nnx.sigmoid(outgate)
        c = forgetgate * c + ingate * cellgate
        return outgate * nnx.tanh(c), c


class MultimodalNet(nnx.Module):
    def __init__(self, vocab=40, classes=4, *, rngs: nnx.Rngs):
        self.conv1 = Conv2d(1, 6, 5, padding=2, rngs=rngs)
        self.conv2 = Conv2d(6, 16, 5, rngs=rngs)
        self.embedding = nnx.Embed(vocab, 32, rngs=rngs)
        self.cell = LSTMCell(32, 64, rngs=rngs)
        self.fc1 = nnx.Linear(464, 128, rngs=rngs)
        self.fc2 = nnx.Linear(128, classes, rngs=rngs)
        self.drop = nnx.Dropout(0.25, rngs=rngs)

    def __call__(self, image, words):
        x = image.transpose(0, 3, 1, 2)
        x = avg_pool2d(nnx.relu(self.conv1(x)))
        x = avg_pool2d(nnx.relu(self.conv2(x)))
        x = x.reshape(x.shape[0], -1)
        e = self.embedding(words)
        h = c = jnp.zeros((words.shape[0], self.cell.n))
        for t in range(words.shape[1]):
            h, c = self.cell(e[:, t], (h, c))
        both = jnp.concatenate((x, h), axis=1)
        both = self.drop(nnx.relu(self.fc1(both)))
        return self.fc2(both)


def criterion(logits, target):
    return -jnp.mean(jax.nn.log_softmax(logits, axis=1)[jnp.arange(target.shape[0]), target])


@nnx.jit
def train_step(model, optimizer, batch):
    def loss_fn(m):
        return criterion(m(batch["image"], batch["words"]), batch["label"])

    model.train()
    loss, grads = nnx.value_and_grad(loss_fn)(model)
    optimizer.update(model, grads)
    return loss


if __name__ == "__main__":
    net = MultimodalNet(rngs=nnx.Rngs(0))
    optimizer = nnx.Optimizer(net, optax.adam(1e-3), wrt=nnx.Param)
    words = jax.random.randint(jax.random.key(0), (64, 6), 0, 40)
    data = {"image": jax.random.uniform(jax.random.key(1), (64, 28, 28, 1)), "words": words, "label": words[:, 2] % 4}
    for i in range(100):
        print(i, train_step(net, optimizer, data))
