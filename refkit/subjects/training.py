"""A reference's own training, edited or not, on one batch of its default data that is held."""

import inspect
import types
from typing import Any

import jax
import numpy as np
from flax import nnx

from refkit.subjects import BY_NAME
from refkit.subjects.reference import Reference, build

EXAMPLES = 32


class ReferenceTraining:
    """The train step of a reference as a pure function of a state.

    Args:
        name: `lenet`.
        model: the model's class in its file.
        source: the reference's text, with choices and bugs put in.
        seed: of the parameters, and of the examples that are held.
        shuffled: whether the labels are shuffled anew at every step.

    Raises:
        Exception: whatever the edited source raises; some bugs do.
    """

    def __init__(self, name: str, model: str, source: str, seed: int = 0, shuffled: bool = False):
        self.reference: Reference = build(name, model, source)
        self.seed, self.shuffled = seed, shuffled
        *self.inputs, labels = held_examples(name, self.reference.module, self.reference.config, seed)
        outputs = getattr(self.reference.config, BY_NAME[name].output_field)
        takes_targets = list(inspect.signature(self.reference.module.loss_fn).parameters)[-1] == "targets"
        if takes_targets and labels.dtype.kind == "i":
            labels = np.repeat(labels[:, None], outputs, axis=1).astype(np.float32)
        elif not takes_targets and labels.dtype.kind == "f":
            labels = (labels[:, 0] > labels.mean()).astype(np.int32)
        self.labels = labels

    def start(self) -> Any:
        """The state before the first step."""
        module, config = self.reference.module, self.reference.config
        model = getattr(module, self.reference.model)(config, nnx.Rngs(self.seed))
        if hasattr(model, "train"):
            model.train()
        self.graph, state = nnx.split((model, module.make_optimizer(model, config)))
        return state

    def step(self, state: Any, key: jax.Array) -> tuple[Any, jax.Array]:
        """The next state, and the loss before it."""
        model, optimizer = nnx.merge(self.graph, state)
        labels = jax.random.permutation(key, self.labels) if self.shuffled else self.labels
        loss = self.reference.module.train_step(model, optimizer, *self.inputs, labels)
        return nnx.state((model, optimizer)), loss

    def parameters(self, state: Any) -> list[Any]:
        """Leaves of the parameters."""
        model, _ = nnx.merge(self.graph, state)
        return jax.tree.leaves(nnx.state(model, nnx.Param))


def held_examples(name: str, module: types.ModuleType, config: Any, seed: int) -> list[np.ndarray]:
    """The inputs of 32 training examples as the reference's own `preprocess` gives them, and their labels."""
    if name == "lstm":
        x, targets = module.adding_problem(EXAMPLES, config.steps, seed=1_000 + seed)
        return [module.preprocess(x), targets]
    chosen = np.random.default_rng(seed).permutation(1_000 if name == "lenet" else 400)[:EXAMPLES]
    if name == "multimodal":
        image, words, labels = module.shapes_and_questions(EXAMPLES, 1_000 + seed)
        return [module.preprocess(image), words, labels]
    (x, labels), _ = module.load_data()
    if name == "mlp":
        return [module.preprocess(x, x)[chosen], labels[chosen]]
    return [module.preprocess(x[chosen]), labels[chosen]]
