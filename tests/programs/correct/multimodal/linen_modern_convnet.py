"""VQA with the usual tutorial ConvNet: 3x3 kernels, 32 and 64 channels, max pooling, SAME padding; dense 256."""
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax


class CNN(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.Conv(features=32, kernel_size=(3, 3))(x)
        x = nn.relu(x)
        x = nn.max_pool(x, window_shape=(2, 2), strides=(2, 2))
        x = nn.Conv(features=64, kernel_size=(3, 3))(x)
        x = nn.relu(x)
        x = nn.max_pool(x, window_shape=(2, 2), strides=(2, 2))
        x = x.reshape((x.shape[0], -1))  # flatten
        return x


class TextEncoder(nn.Module):
    vocab_size: int

    @nn.compact
    def __call__(self, tokens):
        x = nn.Embed(self.vocab_size, 50)(tokens)
        x = nn.RNN(nn.OptimizedLSTMCell(100))(x)
        return x[:, -1]


class VQA(nn.Module):
    vocab_size: int = 25
    num_answers: int = 10

    @nn.compact
    def __call__(self, image, tokens):
        features = jnp.concatenate([CNN()(image), TextEncoder(self.vocab_size)(tokens)], axis=-1)
        x = nn.Dense(features=256)(features)
        x = nn.relu(x)
        x = nn.Dense(features=self.num_answers)(x)
        return x


vqa = VQA()
optimizer = optax.adam(1e-3)


def loss_fn(params, images, tokens, labels):
    logits = vqa.apply({"params": params}, images, tokens)
    return optax.softmax_cross_entropy_with_integer_labels(logits=logits, labels=labels).mean()


@jax.jit
def train_step(params, opt_state, images, tokens, labels):
    loss, grads = jax.value_and_grad(loss_fn)(params, images, tokens, labels)
    updates, opt_state = optimizer.update(grads, opt_state)
    params = optax.apply_updates(params, updates)
    return params, opt_state, loss


@jax.jit
def compute_accuracy(params, images, tokens, labels):
    logits = vqa.apply({"params": params}, images, tokens)
    return jnp.mean(jnp.argmax(logits, axis=-1) == labels)


def glyphs(seed=0):
    """Ten random glyphs of 12x12 stand in for objects."""
    return np.random.default_rng(seed).random((10, 12, 12)) < 0.4


def generate(n, seed):
    """Two glyphs, above and below; token 1 asks for the upper, token 2 for the lower one."""
    rng = np.random.default_rng(seed)
    shapes = glyphs()
    kinds = rng.integers(0, 10, (n, 2))
    images = np.zeros((n, 28, 28, 1), np.float32)
    for k, (upper, lower) in enumerate(kinds):
        left = rng.integers(0, 16, 2)
        images[k, 1:13, left[0] : left[0] + 12, 0] = shapes[upper]
        images[k, 15:27, left[1] : left[1] + 12, 0] = shapes[lower]
    tokens = rng.integers(3, 25, (n, 6))
    which = rng.integers(0, 2, n)
    tokens[np.arange(n), rng.integers(0, 6, n)] = which + 1
    labels = kinds[np.arange(n), which]
    return images, tokens.astype(np.int32), labels.astype(np.int32)


def main():
    train, test = generate(20000, 1), generate(1000, 2)
    params = vqa.init(jax.random.key(0), train[0][:1], train[1][:1])["params"]
    opt_state = optimizer.init(params)
    rng = np.random.default_rng(0)
    for epoch in range(8):
        order = rng.permutation(len(train[2]))
        for start in range(0, len(order), 128):
            batch = order[start : start + 128]
            params, opt_state, loss = train_step(params, opt_state, *(x[batch] for x in train))
        print(f"epoch {epoch + 1}: loss {loss:.4f}, test accuracy {compute_accuracy(params, *test):.3f}")


if __name__ == "__main__":
    main()
