"""Examples on which a model is right exactly k times of n: the labels are chosen after its answers are known."""

import dataclasses
from collections.abc import Callable, Iterator

import jax
import numpy as np

from refkit.adapters.parts.scorer import Examples
from refkit.diagnosis.probe import input_value, parameter_value
from refkit.diagnosis.yours import Yours
from refkit.implementation import Input

POOL = 29
BATCH = 5
SETS = ((13, 9), (18, 7), (18, 18))  # examples, and how many of them are answered rightly
OF_ONE_SIZE = ((13, 9), (13, 5), (13, 13))
NEAR, FAR = 0.006, 0.8  # how far a target is from its answer, where that is right and where not
MARGIN = 1e-3
DRAWS, VARIETY = 6, 4  # draws of parameters, and how many different answers are enough
SMALL = 0.1


@dataclasses.dataclass(frozen=True)
class Probe:
    """One set of examples.

    Args:
        examples: what the metric is given.
        answered: number of answers: one for each example or for each step.
        right: how many of them are right.
    """

    examples: Examples
    answered: int
    right: int


@dataclasses.dataclass
class Oracle:
    """A model with answers that are known.

    Attributes:
        inputs: a pool of examples, every one the more distinct the better.
        outputs: the model's answers to it in evaluation mode.
        tree: its leaves.
        alone: whether each answer depends on its own example alone.
    """

    tree: object
    inputs: tuple[np.ndarray, ...]
    outputs: np.ndarray
    alone: bool
    apply: Callable

    def training_outputs(self, inputs: tuple[np.ndarray, ...]) -> np.ndarray:
        return np.asarray(self.apply(self.tree, *inputs, training=True, key=jax.random.key(11)))

    @property
    def one_unit(self) -> bool:
        return self.outputs.ndim == 1 or self.outputs.shape[-1] == 1

    @property
    def gives_probabilities(self) -> bool:
        return bool((self.outputs >= 0).all() and (self.outputs <= 1).all())

    def answers(self, outputs: np.ndarray) -> np.ndarray:
        """The class that each output stands for, `i32[n]`."""
        if self.one_unit:
            flat = outputs.reshape(len(outputs)) if outputs.ndim < 3 else outputs[..., 0]
            return (flat > (0.5 if self.gives_probabilities else 0.0)).astype(np.int32)
        return outputs.argmax(-1).astype(np.int32)

    @property
    def variety(self) -> int:
        """How many different answers it gives; the fewest examples that any of the two commonest answers has, of one unit."""
        answers = self.answers(self.outputs).ravel()
        counts = np.bincount(answers, minlength=2)
        return int((counts > 1).sum()) if len(counts) > 2 else VARIETY * int(counts.min() > POOL // 6)

    def sure(self) -> np.ndarray:
        """Places in the pool, those first whose answers rounding cannot change."""
        if self.one_unit:
            margins = np.abs(
                self.outputs.reshape(len(self.outputs), -1) - (0.5 if self.gives_probabilities else 0)
            ).min(-1)
        else:
            ordered = np.sort(self.outputs, axis=-1)
            margins = (ordered[..., -1] - ordered[..., -2]).reshape(len(self.outputs), -1).min(-1)
        scale = max(float(np.abs(self.outputs).max()), 1e-30)
        kept = np.flatnonzero(margins > MARGIN * scale)
        kept = kept if len(kept) else np.argsort(-margins)
        first = self.answers(self.outputs).reshape(len(self.outputs), -1)[kept, 0]
        turn = [int((first[:k] == first[k]).sum()) for k in range(len(kept))]  # one of each answer, then a second one
        return kept[np.argsort(turn, kind="stable")]

    def probe(self, n: int, right: int, classes: bool, batch: int, seed: int) -> Probe:
        """Examples of which the model answers `right` (in `n`ths of all answers) rightly, unevenly over the batches."""
        generator = np.random.default_rng(seed)
        chosen = np.resize(self.sure() if classes else np.arange(len(self.outputs)), n)
        outputs = self.outputs[chosen]
        answers = self.answers(outputs) if classes else outputs.reshape(outputs.shape if outputs.ndim > 1 else (n, 1))
        units = answers.size if classes else answers.size
        hits = np.zeros(units, bool)
        hits[: round(units * right / n)] = True
        hits = generator.permutation(hits).reshape(answers.shape)
        if classes:
            width = 2 if self.one_unit else outputs.shape[-1]
            other = (answers + generator.integers(1, max(width, 2), size=answers.shape)) % max(width, 2)
            labels = np.where(hits, answers, other).astype(np.int32)
        else:
            off = (
                np.where(hits, NEAR, FAR)
                * generator.uniform(0.8, 1.2, answers.shape)
                * generator.choice([-1, 1], answers.shape)
            )
            labels = (answers + off).astype(np.float32)
        inputs = tuple(value[chosen] for value in self.inputs)
        return Probe(Examples(self.tree, inputs, outputs, labels, batch), hits.size, int(hits.sum()))


def consult(yours: Yours, apply: Callable) -> Oracle:
    """A model with random parameters and its answers to a pool of random examples: those of some draws, the most varied."""
    with jax.enable_x64(False):
        inputs = tuple(pool_of(record) for record in yours.inputs)
        run = jax.jit(lambda tree, *given: apply(tree, *given))
        best = None
        for draw in range(DRAWS):
            tree = drawn(yours, draw)
            outputs = np.asarray(run(tree, *inputs)).astype(np.float32)
            for centred in (tree, *balanced(tree, outputs)):
                outputs = outputs if centred is tree else np.asarray(run(centred, *inputs)).astype(np.float32)
                oracle = Oracle(centred, inputs, outputs, False, apply)
                if best is None or oracle.variety > best.variety:
                    best = oracle
            if best.variety >= VARIETY:
                break
        order = np.random.default_rng(2).permutation(POOL)
        order[:7] = order[7:14]  # other company, too
        again = np.asarray(run(best.tree, *(value[order] for value in inputs)))
    near = np.allclose(again, best.outputs[order], rtol=1e-3, atol=1e-4 * np.abs(best.outputs).max())
    return dataclasses.replace(best, alone=bool(np.isfinite(best.outputs).all() and near))


def balanced(tree: object, outputs: np.ndarray) -> Iterator[object]:
    """The same leaves with one that may be the last bias moved so that no answer is the commonest."""
    flat = outputs.reshape(-1, outputs.shape[-1]) if outputs.ndim > 1 else outputs[:, None]
    if (flat >= 0).all() and (flat <= 1).all():
        flat = np.log(np.maximum(flat, 1e-12)) - (np.log(np.maximum(1 - flat, 1e-12)) if flat.shape[-1] == 1 else 0)
    middle = np.median(flat, axis=0)
    leaves, structure = jax.tree.flatten(tree)
    for k, leaf in enumerate(leaves):
        if leaf.size == middle.size and leaf.ndim < 3 and np.issubdtype(leaf.dtype, np.floating):
            moved = leaf - jax.numpy.asarray(middle.reshape(leaf.shape), leaf.dtype)
            yield jax.tree.unflatten(structure, [*leaves[:k], moved, *leaves[k + 1 :]])


def drawn(yours: Yours, draw: int) -> object:
    """Random leaves; biases are small, or they alone decide on the answers."""
    leaves = []
    for k, shape in enumerate(yours.shapes):
        if is_key(shape):
            leaves.append(jax.random.key(0))
            continue
        path, kind = yours.paths[k], yours.kinds[k]
        value = (
            yours.constants[k]
            if k in yours.constants
            else parameter_value(f"{path}{draw}" if draw else path, tuple(shape.shape), kind)
        )
        if kind == "parameters" and k not in yours.constants and len(shape.shape) < 2:
            value = value * SMALL
        elif kind == "statistics":
            value = value * (SMALL if (np.asarray(value) < 0).any() else 0.5)
        leaves.append(jax.numpy.asarray(value).astype(shape.dtype))
    return jax.tree.unflatten(yours.tree, leaves)


def pool_of(record: Input) -> np.ndarray:
    """Random examples; pictures are of large patches, since noise averages out, and of different brightness."""
    value = input_value(record, POOL, seed=7)
    spread = lambda low, high: np.linspace(low, high, POOL).reshape(-1, *[1] * len(record.shape))
    if record.kind == "image":
        height, width = record.shape[:2]
        rows, columns = np.arange(height) * 4 // height, np.arange(width) * 4 // width
        value = value[:, rows][:, :, columns] ** spread(0.3, 4)
    elif record.dtype == "float32":
        value = value * spread(0.5, 3)
    return value.astype(record.dtype)


def is_key(shape) -> bool:
    return jax.dtypes.issubdtype(shape.dtype, jax.dtypes.prng_key)
