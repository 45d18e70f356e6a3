"""MLP: one hidden layer, for everything that is neither an image nor a sequence.

Paper: Rumelhart, Hinton, Williams (1986), Learning representations by back-propagating errors.
Task: breast cancer, 30 measured features, 2 classes.
Run: python mlp.py
Known result: accuracy 0.9695 ± 0.0088 on breast_cancer, 20 seeds; best baseline 0.9911, logistic-regression.
"""

import argparse
import dataclasses
from collections.abc import Callable, Iterator

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


@dataclasses.dataclass(frozen=True)
class Config:
    """Sizes and defaults: Adam at 3e-4, ReLU with He initialisation, no regularisation."""

    features: int = 30
    hidden: tuple[int, ...] = (64,)
    outputs: int = 2
    activation: Callable = nnx.relu
    kernel_init: Callable = nnx.initializers.he_normal()
    learning_rate: float = 3e-4
    batch_size: int = 32
    epochs: int = 100
    seed: int = 0


class MLP(nnx.Module):
    """`f32[batch, features]` to `f32[batch, outputs]`."""

    def __init__(self, config: Config, rngs: nnx.Rngs):
        self.config = config
        init = config.kernel_init
        self.dense1 = nnx.Linear(config.features, config.hidden[0], kernel_init=init, rngs=rngs)
        self.outputs = nnx.Linear(config.hidden[-1], config.outputs, kernel_init=init, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        activation = self.config.activation
        chex.assert_shape(x, (None, self.config.features))
        x = self.dense1(x)  # f32[batch, 64]
        x = activation(x)  # f32[batch, 64]
        x = self.outputs(x)  # f32[batch, 2]
        return x


def loss_fn(model: MLP, x: jax.Array, labels: jax.Array) -> jax.Array:
    """Mean cross-entropy in nats of logits against class ids `i32[batch]`."""
    logits = model(x)  # f32[batch, 2]
    chex.assert_shape(labels, logits.shape[:1])
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)  # f32[batch]
    return losses.mean()  # f32[]


def make_optimizer(model: MLP, config: Config) -> nnx.Optimizer:
    return nnx.Optimizer(model, optax.adam(config.learning_rate), wrt=nnx.Param)


@nnx.jit
def train_step(model: MLP, optimizer: nnx.Optimizer, x: jax.Array, labels: jax.Array) -> jax.Array:
    loss, grads = nnx.value_and_grad(loss_fn)(model, x, labels)
    optimizer.update(model, grads)
    return loss


def preprocess(x: np.ndarray, train_x: np.ndarray) -> np.ndarray:
    """Every feature less the training examples' mean, over their standard deviation: `f32[batch, features]`."""
    mean, deviation = train_x.mean(axis=0), train_x.std(axis=0)
    return ((x - mean) / np.maximum(deviation, 1e-8)).astype(np.float32)


def accuracy(model: MLP, x: np.ndarray, labels: np.ndarray) -> float:
    """Share of examples whose largest logit is the label's."""
    predictions = model(jnp.asarray(x)).argmax(axis=-1)
    return float((predictions == labels).mean())


def batches(x: np.ndarray, labels: np.ndarray, batch_size: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Every example once, shuffled; the last batch may be short."""
    order = np.random.default_rng(seed).permutation(len(labels))
    for chosen in np.split(order, range(batch_size, len(order), batch_size)):
        yield x[chosen], labels[chosen]


def breast_cancer() -> tuple[np.ndarray, np.ndarray]:
    """The Wisconsin breast cancer set of scikit-learn: `f32[569, 30]`, and `i32[569]`, 0 malignant, 1 benign."""
    from sklearn.datasets import load_breast_cancer

    x, labels = load_breast_cancer(return_X_y=True)
    return x.astype(np.float32), labels.astype(np.int32)


def split(x: np.ndarray, labels: np.ndarray, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """Training examples, four in five, and test examples, the rest."""
    order = np.random.default_rng(seed).permutation(len(x))
    test, train = np.split(order, [len(x) // 5])
    return [(x[train], labels[train]), (x[test], labels[test])]


def load_data(name: str | None = None) -> list[tuple[np.ndarray, np.ndarray]]:
    """Training and test examples: breast cancer, or a prepared TFDS set of numbers and classes, such as `iris`."""
    if name is None:
        return split(*breast_cancer())
    import tensorflow_datasets as tfds

    builder = tfds.builder(name, file_format="array_record")
    if not builder.is_prepared():
        raise SystemExit(f"`{name}` is not prepared: run `tfds build {name} --file_format=array_record` once")
    parts, (inputs, label) = {}, builder.info.supervised_keys
    for part, source in builder.as_data_source().items():
        rows = source.__getitems__(range(len(source)))
        x = np.stack([np.hstack(jax.tree.leaves(row[inputs])) for row in rows])
        parts[part] = x.astype(np.float32), np.int32([row[label] for row in rows])
    return [parts["train"], parts["test"]] if "test" in parts else split(*parts["train"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="a prepared TFDS set, such as iris (default: breast cancer)")
    parser.add_argument("--epochs", type=int, default=Config.epochs)
    parser.add_argument("--seed", type=int, default=Config.seed)
    arguments = parser.parse_args()
    (x, labels), (test_x, test_labels) = load_data(arguments.data)
    config = Config(x.shape[1], outputs=int(labels.max()) + 1, epochs=arguments.epochs, seed=arguments.seed)
    model = MLP(config, nnx.Rngs(config.seed))
    optimizer = make_optimizer(model, config)
    for epoch in range(config.epochs):
        order = batches(preprocess(x, x), labels, config.batch_size, seed=epoch)
        losses = [train_step(model, optimizer, *batch) for batch in order]
        chex.assert_tree_all_finite(losses)
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}")
    print(f"accuracy on {len(test_x)} test examples: {accuracy(model, preprocess(test_x, x), test_labels):.3f}")
    print(f"baseline, the majority class: {np.mean(test_labels == np.bincount(labels).argmax()):.3f}")
    print(next(line for line in __doc__.splitlines() if line.startswith("Known result")))


if __name__ == "__main__":
    main()
