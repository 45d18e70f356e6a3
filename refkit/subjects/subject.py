"""The record of one reference."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

from refkit.alignment.pairing import Leaf, meaning
from refkit.implementation import Input
from refkit.subjects.chains import one_more

Options = dict[str, str]


@dataclasses.dataclass(frozen=True)
class Shown:
    """What a program of yours shows of its sizes.

    Args:
        leaves: parameters and statistics in the order of first use.
        inputs: the inputs that it takes, in the reference's convention.
        padded: whether it takes the id 0 for padding.
        masked: whether its forward pass does, and gives one result a sequence.
        outputs: shape of its output for one example: `(10,)`, `()` for one number.
    """

    leaves: tuple[Leaf, ...]
    inputs: tuple[Input, ...]
    outputs: tuple[int, ...]
    padded: bool = False
    masked: bool = False

    @property
    def kernels(self) -> list[tuple[int, ...]]:
        """Shapes of the parameters of two axes or more that are no bias."""
        return [leaf.shape for leaf in self.leaves if self.weighs(leaf)]

    def weighs(self, leaf: Leaf) -> bool:
        """Whether a parameter of yours has two axes or more and is no bias."""
        return leaf.kind == "parameters" and len(leaf.shape) > 1 and leaf.path not in self.biases

    @functools.cached_property
    def biases(self) -> frozenset[str]:
        """Paths of the parameters that are biases: by name, or by the shape of the parameter used before."""
        leaves = [leaf for leaf in self.leaves if leaf.kind == "parameters"]
        names = {leaf.path for leaf in leaves}
        found = [
            leaf
            for leaf, last in zip(leaves, [None, *leaves])
            if meaning(leaf.path) == "bias" or goes_with_weight(leaf.path, names) or is_bias_of(leaf, last)
        ]
        return frozenset(leaf.path for leaf in found)

    @property
    def has_statistics(self) -> bool:
        return any(leaf.kind == "statistics" for leaf in self.leaves)

    @property
    def width(self) -> int:
        return self.outputs[-1] if self.outputs else 1


def goes_with_weight(path: str, names: set[str]) -> bool:
    """Whether a parameter is called like a weight but for a leading b: `by` beside `Wy`."""
    before, dot, last = path.rpartition(".")
    return last[:1] in ("b", "B") and any(f"{before}{dot}{letter}{last[1:]}" in names for letter in "wWuUkK")


def is_bias_of(leaf: Leaf, kernel: Leaf | None) -> bool:
    """Whether a parameter of several axes is the bias of the one used before it: a column or row of its units, or a stack."""
    if kernel is None or leaf.path.rpartition(".")[0] != kernel.path.rpartition(".")[0]:
        return False
    sizes, of_kernel = ([size for size in shape if size != 1] for shape in (leaf.shape, kernel.shape))
    if len(of_kernel) == 3 and len(kernel.shape) == 3:  # equal layers, stacked
        return sizes in (of_kernel[:2], of_kernel[::2])
    return "." in leaf.path and len(of_kernel) > 1 and len(sizes) == 1 and sizes[0] in of_kernel


@dataclasses.dataclass(frozen=True)
class Subject:
    """One reference.

    Args:
        name: `lenet`.
        model: the model's class in its file.
        inputs: the sets of inputs it can take, the default first, for its `Config`: `inputs(config)`.
        output_field: the field of `Config` that holds the number of outputs.
        fit: the settings of the options that `Shown` may come from, the likeliest first.
        twice: options with a list of widths, a layer each, any of which a program may call twice.
        regression: whether its default loss is on targets rather than on classes.
    """

    name: str
    model: str
    inputs: Callable[[Any], list[tuple[Input, ...]]]
    output_field: str
    fit: Callable[[Shown], list[Options]]
    regression: bool = False
    twice: tuple[str, ...] = ()

    def with_a_layer_twice(self, shown: Shown) -> list[Options]:
        """The settings that have one layer more, as wide as the one before it: the two may be one and the same."""
        return [
            options | {option: longer}
            for options in self.fit(shown)
            for option in self.twice
            for longer in one_more(options.get(option))
        ]
