"""What a part that handles data is tried with."""

import ast
import dataclasses
import functools
import re
from typing import Any

import numpy as np

from refkit.implementation import Input
from refkit.probes.tagged_examples import Tagged, tagged

DIVIDES = re.compile(r"/=? *(255|256|127\.5|16\b|15\b)|\b1(\.0)? / 255|\* 0\.0039|img_as_float")
TO_BYTES = re.compile(r"255(\.0)? / 16(\.0)?|/ 16(\.0)?\)? \* 255(\.0)?|\* ?\(255(\.0)? / 16(\.0)?\)")
STANDARDISES = re.compile(
    r"\.std\(|np\.std|jnp\.std|StandardScaler|MinMaxScaler|standardi[sz]e|\.var\(|np\.ptp|scale\("
)


class NotTaken(Exception):
    """Nothing that a model's raw inputs may look like is taken, or it comes out as something else."""


@dataclasses.dataclass(frozen=True)
class Situation:
    """Your model's inputs and what your file says of its data.

    Args:
        reference: `mlp`, `lenet`, `lstm`, `multimodal`.
        inputs: of the model.
        outputs: classes, or targets of an example.
        regression: whether labels are targets.
        file: absolute path, as frames have it.
        source: text of the file.
    """

    reference: str
    inputs: tuple[Input, ...]
    outputs: int
    regression: bool
    file: str
    source: str

    def data(self, count: int, seed: int = 0) -> Tagged:
        return tagged(self.data_inputs, count, self.outputs, self.regression, 20_113 + seed)

    @functools.cached_property
    def data_inputs(self) -> tuple[Input, ...]:
        return tuple(record for record in self.inputs if record.kind != "lengths")

    @property
    def image(self) -> Input | None:
        return next((record for record in self.inputs if record.kind == "image"), None)

    @property
    def words(self) -> Input | None:
        return next((record for record in self.inputs if record.kind == "tokens"), None)

    @property
    def main(self) -> Input:
        return self.inputs[0]

    def divides_besides(self, name: str) -> bool:
        """Whether a line outside the function `name` divides by the range of a pixel, `255 / 16` of digits apart."""
        return bool(DIVIDES.search(TO_BYTES.sub("", self.besides(name))))

    def standardises_besides(self, name: str) -> bool:
        """Whether a line outside of the function `name` takes a deviation or a range."""
        return bool(STANDARDISES.search(self.besides(name)))

    def besides(self, name: str) -> str:
        """The file's code without comments and docstrings, and without a function of that name."""
        tree = ast.parse(self.source)
        for node in ast.walk(tree):
            if isinstance(getattr(node, "body", None), list):
                node.body = [part for part in node.body if not is_named(part, name) and not is_text(part)] or [
                    ast.Pass()
                ]
        return ast.unparse(tree)

    def of_digits(self) -> bool:
        """Whether the pictures are digits or letters, whose mirror image is another one or none."""
        return not re.search(r"cifar|fashion|imagenet|flower|photo|clothing|cats|svhn|face", self.source, re.IGNORECASE)


def widths(value: np.ndarray) -> int:
    """Elements of one example."""
    return int(np.prod(value.shape[1:])) if value.ndim else 0


def given(situation: Situation, raw: np.ndarray, **more: Any) -> dict[str, Any]:
    """What each role of a parameter gets."""
    rng = np.random.default_rng(5)
    labels = rng.integers(0, max(situation.outputs, 2), len(raw)).astype(np.int32)
    if situation.regression:
        labels = rng.normal(size=(len(raw), situation.outputs)).astype(np.float32)
    values = {
        "x": raw,
        "labels": labels,
        "training": False,
        "shuffle": False,
        "batch": {"image" if raw.ndim > 2 else "x": raw, "label" if raw.ndim > 2 else "y": labels},
    }
    if situation.image is not None:
        values["images"] = raw
    if situation.words is not None and situation.image is not None:
        values["words"] = np.ones((len(raw), 6), np.int32)
    return values | more


def is_named(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name == name.rpartition(".")[2]


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
