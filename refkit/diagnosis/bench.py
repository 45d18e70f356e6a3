"""The reference at every setting that is tried: built, traced and evaluated on the probe once each."""

import dataclasses
import functools
import inspect
import math
from collections.abc import Callable

import jax
import numpy as np

from refkit.alignment.constructs import Atom
from refkit.alignment.matching import KnownValues
from refkit.alignment.uses import atoms_of
from refkit.diagnosis.probe import parameter_value
from refkit.diagnosis.restated import restate, restate_convolutions
from refkit.diagnosis.setting import Setting
from refkit.edits.catalogue import choices_for, edited_source
from refkit.edits.edit import EditError
from refkit.errors import RefkitError
from refkit.implementation import Input
from refkit.subjects.reference import Reference, build
from refkit.tracing.evaluate import evaluate
from refkit.tracing.program import Program
from refkit.tracing.trace import Trace

BUILDING = 8  # what building a reference costs, counted in glances at a pairing
MOST_EFFORT = 7_000  # in glances, for one difference; what is not explained by then stays unexplained
MOST_ALTOGETHER = 10_000  # in glances, for all differences of a program: some thirty seconds
LARGE = 2_000_000  # parameters that cost as much as a glance, when they are all made and turned once more
MOST_RUNS = 40  # whose values are kept; older ones are computed anew should they be wanted again


@dataclasses.dataclass
class Run:
    """One program of a reference, evaluated on the probe."""

    program: Program
    trace: Trace

    @functools.cached_property
    def known(self) -> KnownValues:
        return KnownValues(self.trace)

    @functools.cached_property
    def depends(self) -> list[frozenset[str]]:
        """For each node, the paths of the parameters and statistics that it depends on; zeros depend on none."""
        place = {node: path for node, (_, path) in zip(self.trace.arguments, self.program.roles)}
        found: list[frozenset[str]] = []
        for node, parents in enumerate(self.trace.sources()):
            paths = frozenset({place[node]}) if node in place else frozenset()
            paths = paths.union(*(found[parent] for parent in parents))
            found.append(paths if self.trace.values[node].any() else frozenset())
        return found


@dataclasses.dataclass
class Side:
    """A reference at one setting."""

    setting: Setting
    reference: Reference
    bench: "Bench"

    @functools.cached_property
    def values(self) -> dict[str, np.ndarray]:
        """The probe's parameters by path."""
        reference = self.reference
        return {
            path: self.bench.parameter_value(path, shape, kind)
            for path, shape, kind in zip(reference.paths, reference.shapes, reference.kinds, strict=True)
        }

    @functools.cached_property
    def names(self) -> list[str]:
        """Names of the probe's inputs that this reference takes, in its order."""
        taken = list(inspect.signature(getattr(self.reference.module, self.reference.model).__call__).parameters)[1:]
        names = [record.name for record in self.bench.inputs]
        return [name for name in taken if name in names]

    def inputs(self) -> tuple[list[jax.ShapeDtypeStruct], list[np.ndarray]]:
        by_name = {
            record.name: (record, value)
            for record, value in zip(self.bench.inputs, self.bench.input_values, strict=True)
        }
        chosen = [by_name[name] for name in self.names]
        return [jax.ShapeDtypeStruct(v.shape, r.dtype) for r, v in chosen], [v for _, v in chosen]

    @functools.cached_property
    def forward(self) -> Run:
        shapes, values = self.inputs()
        program = self.reference.trace_forward(shapes, self.names)
        trace = evaluate(program, [*self.values.values(), *values])
        if self.bench.patches:
            restate_convolutions(trace)
        return Run(program, trace)

    @functools.cached_property
    def loss(self) -> Run:
        shapes, values = self.inputs()
        labels = self.bench.labels
        dtype = np.int32 if labels.dtype.kind == "i" else np.float32
        program = self.reference.trace_loss(shapes, self.names, jax.ShapeDtypeStruct(labels.shape, dtype))
        trace = evaluate(program, [*self.values.values(), *values, labels])
        if self.bench.patches:
            restate_convolutions(trace)
        forward = self.forward.trace
        restate(trace, forward.values[forward.outputs[0]], self.option("loss"), self.option("output"))
        return Run(program, trace)

    def option(self, name: str) -> str | None:
        """The value of an option here, be it set or the default; None where the reference has no such option."""
        defaults = {choice.option: choice.values[0] for choice in choices_for(self.bench.name)}
        return self.setting.value(name) or defaults.get(name)

    def run(self, kind: str) -> Run:
        found = self.forward if kind == "forward" else self.loss
        self.bench.keep(self)
        return found

    def can(self, kind: str) -> bool:
        """Whether the edited reference runs, and to numbers if no bug is in it; some do not, with these labels."""
        try:
            trace = self.run(kind).trace
        except Exception:  # noqa: BLE001: an edited reference may raise anything
            return False
        return bool(self.setting.bugs) or bool(np.isfinite(trace.values[trace.outputs[0]]).all())

    @functools.cached_property
    def atoms(self) -> list[Atom]:
        reference = self.reference
        return atoms_of(self.forward.trace, reference.paths, reference.shapes, reference.kinds)

    @property
    def leaf_signature(self) -> tuple:
        return tuple(zip(self.reference.paths, self.reference.shapes))


class Bench:
    """Builds sides and keeps them.

    Args:
        name: the reference's name.
        model: the class in its file.
        inputs: the probe's inputs.
        input_values: their values.
        patches: whether the patches of convolutions are to be known: for programs that have no convolution of their own.
        values: gives the probe's parameters, by path, shape and kind.
    """

    def __init__(
        self,
        name: str,
        model: str,
        inputs: tuple[Input, ...],
        input_values: list[np.ndarray],
        patches: bool = False,
        values: Callable[[str, tuple[int, ...], str], np.ndarray] = parameter_value,
    ):
        self.name, self.model, self.inputs, self.input_values = name, model, inputs, input_values
        self.patches = patches
        self.labels: np.ndarray | None = None
        self.parameter_value = values
        self.effort = self.rested = 0
        self.sources: dict[Setting, str | None] = {}
        self.sides: dict[Setting, Side | None] = {}
        self.references: dict[str, Reference | None] = {}
        self.recent: dict[Setting, None] = {}  # settings whose values are kept, the one used last at the end

    def side(self, setting: Setting) -> Side | None:
        """The reference at `setting`, or None where the edits do not go together or the edited reference raises."""
        if setting not in self.sides:
            self.sides[setting] = self.make(setting)
        return self.sides[setting]

    @property
    def tired(self) -> bool:
        """Whether the search has taken as much work as it may, for one difference or for all."""
        return self.effort - self.rested > MOST_EFFORT or self.effort > MOST_ALTOGETHER

    def rest(self):
        """Begin the search for another difference."""
        self.rested = self.effort

    def wake(self):
        """Begin with another program."""
        self.effort = self.rested = 0

    def forget_losses(self, labels: np.ndarray):
        """Use other labels from now on."""
        self.labels = labels
        for side in self.sides.values():
            if side is not None:
                side.__dict__.pop("loss", None)

    def forget_runs(self, setting: Setting):
        """Let go of the values at a setting that led nowhere; they are computed anew should it be tried again."""
        side = self.sides.get(setting)
        if side is not None:
            side.__dict__.pop("forward", None)
            side.__dict__.pop("loss", None)

    def keep(self, side: Side):
        """Note that a side's values were used, and let go of those that were used longest ago."""
        self.recent.pop(side.setting, None)
        self.recent[side.setting] = None
        while len(self.recent) > MOST_RUNS:
            oldest = next(iter(self.recent))
            self.recent.pop(oldest)
            self.forget_runs(oldest)

    def source(self, setting: Setting) -> str | None:
        """The reference's text at `setting`, or None where the edits do not go together."""
        if setting not in self.sources:
            try:
                edits = [bug.edit for bug in setting.bugs]
                self.sources[setting] = edited_source(self.name, dict(setting.options), edits)
            except (EditError, RefkitError):
                self.sources[setting] = None
        return self.sources[setting]

    def size(self, setting: Setting) -> int | None:
        """Number of elements of all parameters and statistics at `setting`, or None where it cannot be built."""
        reference = self.built(setting)
        return None if reference is None else reference.size

    def built(self, setting: Setting) -> Reference | None:
        source = self.source(setting)
        return None if source is None else self.reference(source)

    def make(self, setting: Setting) -> Side | None:
        source, reference = self.source(setting), self.built(setting)
        if reference is None:
            return None
        side = Side(setting, reference, self)
        try:
            side.run("forward")  # an edited reference may raise when it is run
        except Exception:  # noqa: BLE001: an edited reference may raise anything
            self.references[source] = None
            return None
        return side

    def reference(self, source: str) -> Reference | None:
        """The reference of that text, or None where it raises; several settings may come to one text."""
        if source not in self.references:
            self.effort += BUILDING
            try:
                self.references[source] = build(self.name, self.model, source)
                self.effort += BUILDING * (sum(math.prod(shape) for shape in self.references[source].shapes) // LARGE)
            except Exception:  # noqa: BLE001: an edited reference may raise anything
                self.references[source] = None
        return self.references[source]
