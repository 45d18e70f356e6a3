"""Examples on which a model is right exactly k times of n: the labels are chosen after its answers are known."""

import dataclasses
from collections.abc import Callable

import jax
import numpy as np

from refkit.adapters.parts.scorer import Examples
from refkit.diagnosis.probe import input_value, parameter_value
from refkit.diagnosis.yours import Yours

POOL = 29
BATCH = 5
SETS = ((13, 9), (18, 7), (18, 18))  # examples, and how many of them are answered rightly
NEAR, FAR = 0.006, 0.8  # how far a target is from its answer, where that is right and where not
MARGIN = 1e-3


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

    def sure(self) -> np.ndarray:
        """Places in the pool, those first whose answers rounding cannot change."""
        if self.one_unit:
            margins = np.abs(self.outputs.reshape(len(self.outputs), -1) - (0.5 if self.gives_probabilities else 0)).min(-1)
        else:
            ordered = np.sort(self.outputs, axis=-1)
            margins = (ordered[..., -1] - ordered[..., -2]).reshape(len(self.outputs), -1).min(-1)
        scale = max(float(np.abs(self.outputs).max()), 1e-30)
        kept = np.flatnonzero(margins > MARGIN * scale)
        return kept if len(kept) else np.argsort(-margins)

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
            off = np.where(hits, NEAR, FAR) * generator.uniform(0.8, 1.2, answers.shape) * generator.choice([-1, 1], answers.shape)
            labels = (answers + off).astype(np.float32)
        inputs = tuple(value[chosen] for value in self.inputs)
        return Probe(Examples(self.tree, inputs, outputs, labels, batch), hits.size, int(hits.sum()))


def consult(yours: Yours, apply: Callable, values: Callable = parameter_value) -> Oracle:
    """A model with random parameters and its answers to a pool of random examples."""
    with jax.enable_x64(False):
        leaves = []
        for k, shape in enumerate(yours.shapes):
            value = yours.constants[k] if k in yours.constants else values(yours.paths[k], tuple(shape.shape), yours.kinds[k])
            leaves.append(jax.numpy.asarray(value).astype(shape.dtype) if not is_key(shape) else jax.random.key(0))
        tree = jax.tree.unflatten(yours.tree, leaves)
        inputs = []
        for record in yours.inputs:
            value = input_value(record, POOL, seed=7)
            if record.kind == "image":  # of different brightness and contrast, or the answers are nearly one
                value = value ** np.linspace(0.3, 4, POOL).reshape(-1, *[1] * len(record.shape))
            elif record.dtype == "float32":
                value = value * np.linspace(0.3, 2.5, POOL).reshape(-1, *[1] * len(record.shape))
            inputs.append(value.astype(record.dtype))
        run = jax.jit(lambda *given: apply(tree, *given))
        outputs = np.asarray(run(*inputs)).astype(np.float32)
        order = np.random.default_rng(2).permutation(POOL)
        order[:7] = order[7:14]  # other company, too
        again = np.asarray(run(*(value[order] for value in inputs)))
    alone = bool(np.isfinite(outputs).all() and np.allclose(again, outputs[order], rtol=1e-3, atol=1e-4 * np.abs(outputs).max()))
    return Oracle(tree, tuple(inputs), outputs, alone, apply)


def is_key(shape) -> bool:
    return jax.dtypes.issubdtype(shape.dtype, jax.dtypes.prng_key)
