"""Digit classification: Flax Linen, TrainState with batch statistics,
AdamW (decoupled weight decay) and a warm-up + cosine learning-rate schedule."""
import argparse
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from flax.training import train_state
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

NUM_CLASSES = 10


class ConvBlock(nn.Module):
    features: int

    @nn.compact
    def __call__(self, x, train):
        x = nn.Conv(self.features, (5, 5), use_bias=False)(x)
        x = nn.BatchNorm(use_running_average=not train, momentum=0.9)(x)
        x = nn.relu(x)
        return nn.max_pool(x, (2, 2), strides=(2, 2))


class ConvNet(nn.Module):
    num_classes: int = NUM_CLASSES

    @nn.compact
    def __call__(self, x, train: bool = True):
        x = ConvBlock(8)(x, train)
        x = ConvBlock(16)(x, train)
        x = x.reshape((x.shape[0], -1))
        x = nn.relu(nn.Dense(64)(x))
        return nn.Dense(self.num_classes)(x)


class TrainState(train_state.TrainState):
    batch_stats: Any


def get_data(seed):
    digits = load_digits()
    images = (digits.images / 16.0 * 255.0).round().astype(np.uint8)
    images = np.repeat(np.repeat(images, 3, axis=1), 3, axis=2)
    images = np.pad(images, [(0, 0), (2, 2), (2, 2)])[:, :, :, None]
    x_train, x_test, y_train, y_test = train_test_split(
        images, digits.target, test_size=360, random_state=seed, stratify=digits.target)
    return {"image": x_train, "label": y_train}, {"image": x_test, "label": y_test}


def preprocess(data):
    return {"image": np.float32(data["image"]) / 255, "label": np.int32(data["label"])}


def make_optimizer(lr, weight_decay, epochs, steps_per_epoch):
    schedule = optax.warmup_cosine_decay_schedule(
        init_value=0.0,
        peak_value=lr,
        warmup_steps=steps_per_epoch,
        decay_steps=epochs * steps_per_epoch,
    )
    return optax.adamw(schedule, weight_decay=weight_decay)


def create_train_state(key, tx):
    model = ConvNet()
    variables = model.init(key, jnp.ones((1, 28, 28, 1)), train=False)
    return TrainState.create(apply_fn=model.apply, params=variables["params"],
                             batch_stats=variables["batch_stats"], tx=tx)


def cross_entropy(logits, labels):
    one_hot = jax.nn.one_hot(labels, NUM_CLASSES)
    return optax.softmax_cross_entropy(logits, one_hot).mean()


@jax.jit
def train_step(state, batch):
    def loss_fn(params):
        logits, updates = state.apply_fn(
            {"params": params, "batch_stats": state.batch_stats},
            batch["image"], train=True, mutable=["batch_stats"])
        return cross_entropy(logits, batch["label"]), updates

    (loss, updates), grads = jax.value_and_grad(loss_fn, has_aux=True)(state.params)
    state = state.apply_gradients(grads=grads, batch_stats=updates["batch_stats"])
    return state, loss


@jax.jit
def eval_step(state, batch):
    logits = state.apply_fn({"params": state.params, "batch_stats": state.batch_stats},
                            batch["image"], train=False)
    return (logits.argmax(-1) == batch["label"]).sum()


def evaluate(state, data, batch_size=100):
    hits, n = 0, len(data["label"])
    for i in range(0, n, batch_size):
        batch = {k: v[i:i + batch_size] for k, v in data.items()}
        hits += eval_step(state, batch)
    return float(hits) / n


def train(args):
    train_ds, test_ds = get_data(args.seed)
    train_ds, test_ds = preprocess(train_ds), preprocess(test_ds)
    steps_per_epoch = len(train_ds["label"]) // args.batch_size

    key = jax.random.PRNGKey(args.seed)
    init_key, key = jax.random.split(key)
    tx = make_optimizer(args.lr, args.weight_decay, args.epochs, steps_per_epoch)
    state = create_train_state(init_key, tx)

    for epoch in range(args.epochs):
        key, epoch_key = jax.random.split(key)
        perm = np.asarray(jax.random.permutation(epoch_key, len(train_ds["label"])))
        perm = perm[:steps_per_epoch * args.batch_size].reshape(steps_per_epoch, args.batch_size)
        losses = []
        for idx in perm:
            batch = {k: v[idx] for k, v in train_ds.items()}
            state, loss = train_step(state, batch)
            losses.append(loss)
        print(f"epoch {epoch:2d}  loss {np.mean(losses):.4f}  test acc {evaluate(state, test_ds):.4f}")
    return state


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch_size", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--weight_decay", type=float, default=1e-2)
    parser.add_argument("--seed", type=int, default=0)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
