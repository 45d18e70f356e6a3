"""A trusted implementation of the user's own in the place of a shipped reference: no options, no known bugs, the line all the same."""

import dataclasses
import functools
import math

import jax
import numpy as np

from refkit.diagnosis.bench import Bench, Side
from refkit.diagnosis.setting import Setting
from refkit.diagnosis.yours import Yours, see
from refkit.implementation import Implementation, Input
from refkit.subjects.subject import Subject
from refkit.tracing.program import Program, trace_program
from refkit.tracing.sites import Sites


@dataclasses.dataclass
class OwnReference:
    """What `Reference` is for a shipped one."""

    seen: Yours
    source: str

    @property
    def file(self) -> str:
        return self.seen.implementation.file

    @property
    def sites(self) -> Sites:
        return self.seen.sites

    @functools.cached_property
    def paths(self) -> list[str]:
        return [self.seen.paths[k] for k in self.seen.places]

    @functools.cached_property
    def shapes(self) -> list[tuple[int, ...]]:
        return [tuple(self.seen.shapes[k].shape) for k in self.seen.places]

    @functools.cached_property
    def kinds(self) -> list[str]:
        return [self.seen.kinds[k] for k in self.seen.places]

    @property
    def size(self) -> int:
        return sum(math.prod(shape) for shape in self.shapes)

    def tree(self, leaves):
        """The implementation's own tree, with `leaves` in their places."""
        whole = self.seen.arguments(list(leaves))[: len(self.seen.kinds)]
        whole = [
            value if k in self.seen.places else np.asarray(value, shape.dtype)
            for k, (value, shape) in enumerate(zip(whole, self.seen.shapes))
        ]
        return jax.tree.unflatten(self.seen.tree, whole)

    def trace_forward(self, inputs: list, names: list[str]) -> Program:
        function = lambda *flat: self.seen.implementation.apply(
            self.tree(flat[: len(self.paths)]), *flat[len(self.paths) :]
        )
        roles = [*zip(self.kinds, self.paths), *(("input", name) for name in names)]
        return trace_program(function, [*self.leaves(), *inputs], roles, self.sites)

    def trace_loss(self, inputs: list, names: list[str], labels) -> Program:
        implementation = self.seen.implementation

        def function(*flat):
            tree, given = self.tree(flat[: len(self.paths)]), flat[len(self.paths) : -1]
            if implementation.loss is not None:
                return implementation.loss(tree, given, flat[-1])
            return implementation.output_loss(implementation.apply(tree, *given), flat[-1])

        roles = [*zip(self.kinds, self.paths), *(("input", name) for name in names), ("label", "labels")]
        return trace_program(function, [*self.leaves(), *inputs, labels], roles, self.sites)

    def leaves(self) -> list[jax.ShapeDtypeStruct]:
        return [jax.ShapeDtypeStruct(shape, np.float32) for shape in self.shapes]


class OwnSide(Side):
    """Takes all inputs of the probe, in their order."""

    @property
    def names(self) -> list[str]:
        return [record.name for record in self.bench.inputs]


class OwnBench(Bench):
    """One reference at its one setting."""

    def __init__(
        self, implementation: Implementation, source: str, inputs: tuple[Input, ...], input_values: list[np.ndarray]
    ):
        super().__init__(implementation.name, "", inputs, input_values)
        self.only = OwnSide(Setting(), OwnReference(see(implementation, input_values), source), self)
        self.sides[Setting()] = self.only

    def side(self, setting: Setting) -> Side:
        return self.only

    def built(self, setting: Setting) -> OwnReference:
        return self.only.reference

    def source(self, setting: Setting) -> str:
        return self.only.reference.source


def own_subject(implementation: Implementation) -> Subject:
    """The record of the user's own reference."""
    return Subject(
        implementation.name,
        "",
        lambda config: [implementation.inputs],
        "",
        lambda shown: [{}],
        implementation.label_dtype == "float32",
    )
