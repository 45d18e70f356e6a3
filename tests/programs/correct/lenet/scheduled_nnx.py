"""LeNet in NNX with a cosine schedule, metrics, and a closure for the loss."""

import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

NUM_EPOCHS = 10
BATCH_SIZE = 32


class LeNet(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.conv1 = nnx.Conv(1, 6, (5, 5), padding="SAME", rngs=rngs)
        self.conv2 = nnx.Conv(6, 16, (5, 5), padding="VALID", rngs=rngs)
        self.fc1 = nnx.Linear(400, 120, rngs=rngs)
        self.fc2 = nnx.Linear(120, 84, rngs=rngs)
        self.fc3 = nnx.Linear(84, 10, rngs=rngs)

    def __call__(self, x):
        x = nnx.max_pool(nnx.relu(self.conv1(x)), (2, 2), strides=(2, 2))
        x = nnx.max_pool(nnx.relu(self.conv2(x)), (2, 2), strides=(2, 2))
        x = x.reshape(x.shape[0], -1)
        x = nnx.relu(self.fc1(x))
        x = nnx.relu(self.fc2(x))
        return self.fc3(x)


def make_optimizer(model, steps_per_epoch):
    total_steps = NUM_EPOCHS * steps_per_epoch
    schedule = optax.cosine_decay_schedule(1e-3, decay_steps=total_steps)
    tx = optax.chain(
        optax.clip_by_global_norm(1.0),  # the global norm of all gradients
        optax.adamw(schedule, weight_decay=1e-4),
    )
    return nnx.Optimizer(model, tx, wrt=nnx.Param)


@nnx.jit
def train_step(model, optimizer, metrics, batch):
    def loss_fn(model):
        logits = model(batch["image"])
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"])
        return losses.mean(), logits

    (loss, logits), grads = nnx.value_and_grad(loss_fn, has_aux=True)(model)
    optimizer.update(model, grads)
    metrics.update(loss=loss, logits=logits, labels=batch["label"])
    return loss


def main():
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.pad(np.kron(digits.images / 16, np.ones((3, 3))), ((0, 0), (2, 2), (2, 2)))[..., None].astype(
        np.float32
    )
    model = LeNet(nnx.Rngs(0))
    optimizer = make_optimizer(model, 1500 // BATCH_SIZE)
    metrics = nnx.MultiMetric(loss=nnx.metrics.Average("loss"), accuracy=nnx.metrics.Accuracy())
    rng = np.random.default_rng(0)
    for epoch in range(NUM_EPOCHS):
        for rows in np.array_split(rng.permutation(1500), 1500 // BATCH_SIZE):
            train_step(model, optimizer, metrics, {"image": images[rows], "label": jnp.asarray(digits.target[rows])})
        print(epoch, {name: float(value) for name, value in metrics.compute().items()})
        metrics.reset()


if __name__ == "__main__":
    main()
