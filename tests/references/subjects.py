"""The four references, and what to call them with."""

import dataclasses
from collections.abc import Callable
from types import ModuleType

import numpy as np
from flax import nnx

from refkit.references import lenet, lstm, mlp, multimodal


@dataclasses.dataclass(frozen=True)
class Subject:
    """One reference.

    Args:
        module: its file.
        model: its model's class.
        parameters: how many numbers its model learns.
        first_loss: what its loss is near before it has learned: ln C, or the mean square of the targets.
        examples: preprocessed inputs and the targets of `n` examples of its default data.
    """

    module: ModuleType
    model: type[nnx.Module]
    parameters: int
    first_loss: float
    examples: Callable[[int], tuple[np.ndarray, ...]]

    @property
    def name(self) -> str:
        return self.module.__name__.rpartition(".")[2]

    def build(self, seed: int = 0) -> nnx.Module:
        return self.model(self.module.Config(), nnx.Rngs(seed))


def tumours(n: int):
    (x, labels), _ = mlp.load_data()
    return mlp.preprocess(x[:n], x), labels[:n]


def digits(n: int):
    (x, labels), _ = lenet.load_data()
    return lenet.preprocess(x[:n]), labels[:n]


def sequences(n: int):
    x, targets = lstm.adding_problem(n, seed=0)
    return lstm.preprocess(x), targets


def questions(n: int):
    image, words, labels = multimodal.shapes_and_questions(n, seed=0)
    return multimodal.preprocess(image), words, labels


SUBJECTS = (
    Subject(mlp, mlp.MLP, 2_114, np.log(2), tumours),
    Subject(lenet, lenet.LeNet, 61_706, np.log(10), digits),
    Subject(lstm, lstm.LSTM, 67_201, 0.5**2 + 1 / 24, sequences),
    Subject(multimodal, multimodal.Multimodal, 88_017, np.log(5), questions),
)
