"""LeNet with overlapping 3x3/2 average pooling (SAME), otherwise the classic sizes."""
import flax.linen as nn
import jax
import jax.numpy as jnp
import optax


def pool3(x):
    # divide by the number of real pixels, not by 9, at the border
    return nn.avg_pool(x, (3, 3), strides=(2, 2), padding="SAME", count_include_pad=False)


class Stage(nn.Module):
    ch: int
    pad: str

    @nn.compact
    def __call__(self, x):
        x = nn.Conv(self.ch, kernel_size=(5, 5), padding=self.pad)(x)
        return pool3(nn.relu(x))


class OverlapLeNet(nn.Module):
    @nn.compact
    def __call__(self, img):
        h = Stage(6, "SAME")(img)
        h = Stage(16, "VALID")(h)
        h = jnp.reshape(h, (-1, 5 * 5 * 16))
        h = nn.relu(nn.Dense(120)(h))
        h = nn.relu(nn.Dense(84)(h))
        return nn.Dense(10)(h)


model = OverlapLeNet()
tx = optax.adam(3e-4)


def loss_fn(params, batch):
    images, labels = batch
    logits = model.apply(params, images)
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
    return jnp.sum(losses) / images.shape[0]


@jax.jit
def update(params, opt_state, batch):
    grads = jax.grad(loss_fn)(params, batch)
    updates, opt_state = tx.update(grads, opt_state, params)
    params = optax.apply_updates(params, updates)
    return params, opt_state


if __name__ == "__main__":
    imgs = jax.random.uniform(jax.random.key(1), (20, 28, 28, 1))
    labs = jnp.arange(20) % 10
    params = model.init(jax.random.key(0), imgs)
    opt_state = tx.init(params)
    for _ in range(3):
        params, opt_state = update(params, opt_state, (imgs, labs))
        print(loss_fn(params, (imgs, labs)))
