"""LeNet with batch norm in Flax Linen; metrics of a batch are added up over the test set."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax.training.train_state import TrainState


class CNN(nn.Module):
    @nn.compact
    def __call__(self, x, train: bool = False):
        x = nn.Conv(6, (5, 5), padding="SAME")(x)
        x = nn.relu(nn.BatchNorm(use_running_average=not train)(x))
        x = nn.avg_pool(x, (2, 2), strides=(2, 2))
        x = nn.Conv(16, (5, 5), padding="VALID")(x)
        x = nn.relu(nn.BatchNorm(use_running_average=not train)(x))
        x = nn.avg_pool(x, (2, 2), strides=(2, 2))
        x = x.reshape((x.shape[0], -1))
        x = nn.relu(nn.Dense(120)(x))
        x = nn.relu(nn.Dense(84)(x))
        return nn.Dense(10)(x)


class State(TrainState):
    batch_stats: dict


@jax.jit
def train_step(state, images, labels):
    def loss_fn(params):
        logits, new = state.apply_fn(
            {"params": params, "batch_stats": state.batch_stats}, images, train=True, mutable=["batch_stats"]
        )
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean(), new

    (loss, new), grads = jax.value_and_grad(loss_fn, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads, batch_stats=new["batch_stats"]), loss


@jax.jit
def compute_metrics(logits, labels):
    return {"correct": jnp.sum(jnp.argmax(logits, axis=-1) == labels), "count": labels.shape[0]}


def evaluate(state, images, labels, batch_size=128):
    totals = {"correct": 0, "count": 0}
    for i in range(0, len(images), batch_size):
        variables = {"params": state.params, "batch_stats": state.batch_stats}
        logits = state.apply_fn(variables, images[i : i + batch_size], train=False)
        metrics = compute_metrics(logits, labels[i : i + batch_size])
        totals = {name: totals[name] + int(metrics[name]) for name in totals}
    return totals["correct"] / totals["count"]


def create_state(key):
    model = CNN()
    variables = model.init(key, jnp.ones((1, 28, 28, 1)), train=False)
    return State.create(
        apply_fn=model.apply, params=variables["params"], batch_stats=variables["batch_stats"], tx=optax.adam(1e-3)
    )


def run(epochs=3):
    from sklearn.datasets import load_digits

    digits = load_digits()
    x = np.pad(np.kron(digits.images / 16, np.ones((3, 3))), ((0, 0), (2, 2), (2, 2)))[..., None].astype(np.float32)
    train_images, train_labels, test_images, test_labels = x[:1500], digits.target[:1500], x[1500:], digits.target[1500:]
    state = create_state(jax.random.key(0))
    for epoch in range(epochs):
        for rows in np.array_split(np.random.default_rng(epoch).permutation(1500), 47):
            state, loss = train_step(state, train_images[rows], train_labels[rows])
        acc = evaluate(state, test_images, test_labels)
        print(f"[{epoch}] loss={loss:.3f} val_acc={acc:.3f}")


if __name__ == "__main__":
    run()
