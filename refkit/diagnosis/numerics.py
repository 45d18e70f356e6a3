"""Probes at the edge of float32: where yours is no longer finite and the reference is."""

import dataclasses
import functools

import jax
import numpy as np
from jax.extend import core as jex

from refkit.diagnosis.aligned import Aligned
from refkit.diagnosis.bench import Bench, Side
from refkit.diagnosis.blame import same_line
from refkit.diagnosis.candidates import bug_candidates
from refkit.diagnosis.wording import says
from refkit.diagnosis.yours import Yours
from refkit.edits.catalogue import find_bug
from refkit.tracing.evaluate import evaluate
from refkit.tracing.program import Program, trace_program
from refkit.tracing.trace import Site, Trace

SCALES = (1, 3, 10, 30, 100, 300, 1000)
LARGE = 110.0  # exp overflows in float32 from 88.7 on


@dataclasses.dataclass
class Overflow:
    """A value of yours that is not finite where the reference's are.

    Attributes:
        probe: in words, what both were run on.
        trace: yours on that probe, in your own dtypes.
        node: the first node that is not finite although all that it was made of is.
        id: the known bug that fails so, or None.
        absorbed: whether it is an exponential that a division takes to 0, as in a sigmoid by hand: the value is right.
    """

    probe: str
    trace: Trace
    node: int
    id: str | None
    absorbed: bool = False


@dataclasses.dataclass
class Probe:
    """Values to run on: by path of the reference's parameters, inputs, labels; others for the reference where it needs them."""

    name: str
    parameters: dict[str, np.ndarray]
    inputs: list[np.ndarray]
    labels: np.ndarray | None
    reference_labels: np.ndarray | None = None


@dataclasses.dataclass
class Numerics:
    """Runs both sides in their own dtypes on probes that break careless arithmetic."""

    yours: Yours
    bench: Bench
    aligned: Aligned

    def find(self, backward: bool) -> Overflow | None:
        """The first probe on which yours is not finite and the reference is.

        Args:
            backward: look at the gradient rather than at the value.
        """
        for probe in self.probes:
            if not finite_result(self.run_reference(self.aligned.side, probe, backward)):
                continue
            trace = self.run_yours(probe, backward)
            if finite_result(trace):
                continue
            node = first_not_finite(trace)
            if node is not None:
                if backward and ends_in(trace, node, ("select_n",)):
                    return Overflow(probe.name, trace, node, "nan-through-where")
                forward = self.run_yours(probe, False) if backward else None
                saved = None if forward is None else saved_by_where(forward, trace)
                if saved is not None:
                    return Overflow(probe.name, forward, saved, "nan-through-where")
                absorbed = backward and trace.ops[node] == "exp" and ends_in(trace, node, ("div", "integer_pow"))
                return Overflow(probe.name, trace, node, self.name(probe, trace, node, backward), absorbed)
        return None

    @functools.cached_property
    def probes(self) -> list[Probe]:
        side, labels = self.aligned.side, self.bench.labels if self.aligned.kind == "loss" else None
        inputs = self.yours.input_values
        zeros = [np.zeros_like(value) if value.dtype.kind == "f" else value for value in inputs]
        begun = {path: np.zeros_like(value) if path.endswith(".bias") else value for path, value in side.values.items()}
        found = [Probe("inputs of zero", side.values, zeros, labels), Probe("biases of zero", begun, inputs, labels)]
        for scale in SCALES:
            probe = Probe(
                f"parameters {scale} times as large" if scale > 1 else "the probe",
                {path: value * (scale if "var" not in path else 1) for path, value in side.values.items()},
                inputs,
                labels,
            )
            trace = self.run_reference(side, probe, False, "forward")
            output = trace.values[trace.outputs[0]]
            if min(output.max(), np.ptp(output, axis=-1).min()) >= LARGE or scale == SCALES[-1]:
                found.append(dataclasses.replace(probe, name="outputs beyond 100"))
                break
        if labels is not None and labels.dtype.kind == "f":
            paired = self.yours.arguments(self.aligned.pairing.values(side.values))
            mine = self.run(self.yours.forward, paired, None)  # to the last bit what your loss is given
            theirs = self.run_reference(side, Probe("", side.values, inputs, labels), False, "forward")
            outputs = [trace.values[trace.outputs[0]].astype(np.float64) for trace in (mine, theirs)]
            if all(output.size == labels.size for output in outputs):
                met = [output.reshape(labels.shape) for output in outputs]
                found.append(Probe("targets that are met exactly", side.values, inputs, *met))
        return found

    def run_yours(self, probe: Probe, backward: bool) -> Trace:
        kind = self.aligned.kind
        program = self.yours.forward if kind == "forward" else self.yours.loss(probe.labels)
        paired = self.aligned.pairing.values(probe.parameters)
        leaves = self.yours.arguments(paired)[: len(self.yours.kinds)]
        arguments = [*leaves, *probe.inputs, *([] if kind == "forward" else [probe.labels])]
        places = [k for k in self.yours.places if self.yours.kinds[k] == "parameters"]
        return self.run(program, arguments, places if backward else None)

    def run_reference(self, side: Side, probe: Probe, backward: bool, kind: str | None = None) -> Trace:
        kind = kind or self.aligned.kind
        labels = probe.labels if probe.reference_labels is None else probe.reference_labels
        by_name = dict(zip((record.name for record in self.bench.inputs), probe.inputs))
        arguments = [
            *(probe.parameters.get(path, value) for path, value in side.values.items()),
            *(by_name[name] for name in side.names),
            *([] if kind == "forward" else [labels]),
        ]
        places = [k for k, name in enumerate(side.reference.kinds) if name == "parameters"]
        return self.run(side.run(kind).program, arguments, places if backward else None)

    def run(self, program: Program, arguments: list[np.ndarray], wrt: list[int] | None) -> Trace:
        if wrt is not None:
            program = backward_program(program, tuple(wrt))
        return evaluate(program, arguments, wide=False)

    def name(self, probe: Probe, yours: Trace, at: int, backward: bool) -> str | None:
        """The known bug that fails on the same probe in the same operation."""
        op = yours.ops[at]
        same, named = [], None
        for candidate in bug_candidates(self.bench, self.aligned.side.setting, ("loss", "gradients", "forward")):
            if candidate.id not in NUMERIC:
                continue
            side = self.bench.side(candidate.setting)
            if side is None or not side.can(self.aligned.kind):
                continue
            trace = self.run_reference(side, probe, backward)
            node = None if finite_result(trace) else first_not_finite(trace)
            if node is not None and trace.ops[node] == op:
                same.append(candidate)
            named = named or (candidate if node is not None else None)
        told = [candidate for candidate in same if says(find_bug(candidate.id), yours, at)]
        found = next(iter([*told, *same]), named)
        return by_operation(yours, at) if found is None else found.id


NUMERIC = ("exp-overflow", "log-of-zero", "division-by-zero", "nan-through-where", "sqrt-at-zero")


def by_operation(trace: Trace, at: int) -> str | None:
    """The known bug of an operation on this line at the edge of its range, as a root is at zero."""
    consumers = trace.consumers()
    for node, op in enumerate(trace.ops):
        if not same_line(trace.sites[node], trace.sites[at]) or trace.values[node].dtype.kind != "f":
            continue
        found = at_edge(op, trace.values[node], [trace.values[parent] for parent in trace.parents[node]])
        if found is not None:
            hidden = any(trace.ops[consumer] == "select_n" for consumer in consumers[node])
            return "nan-through-where" if hidden else found
    return None


def at_edge(op: str, value: np.ndarray, parents: list[np.ndarray]) -> str | None:
    """What is known of an operation that gave this value of these."""
    if op in ("sqrt", "cbrt", "pow") and not value.all():
        return "sqrt-at-zero"
    if op == "log" and np.isneginf(value).any():
        return "log-of-zero"
    if op == "exp" and np.isinf(value).any():
        return "exp-overflow"
    return "division-by-zero" if op == "div" and not parents[1].all() else None


def finite_result(trace: Trace) -> bool:
    return all(np.isfinite(trace.values[node]).all() for node in trace.outputs if trace.values[node].dtype.kind == "f")


def first_not_finite(trace: Trace) -> int | None:
    """The first step whose own line is known that turns finite numbers into others."""
    relevant = trace.ancestors(trace.outputs)
    fallback = None
    for node, value in enumerate(trace.values):
        if not relevant[node] or value.dtype.kind != "f" or trace.ops[node] in ("literal", "argument"):
            continue
        if np.isfinite(value).all():
            continue
        fallback = node if fallback is None else fallback
        if all(np.isfinite(trace.values[p]).all() for p in trace.parents[node] if trace.values[p].dtype.kind == "f"):
            return node
    return fallback


def saved_by_where(forward: Trace, backward: Trace) -> int | None:
    """The forward step whose value is not finite and is saved by a `where`, while the gradient becomes NaN on its line.

    It need not be the first step that is not finite: a division may have absorbed an earlier one.
    """
    lines = {(site.file, site.line) for site in births_of_nan(backward)}
    for node, site in enumerate(forward.sites):
        if site is not None and (site.file, site.line) in lines and begins(forward, node):
            if ends_in(forward, node, ("select_n",)):
                return node
    return None


def begins(trace: Trace, node: int) -> bool:
    """Whether a step makes of finite numbers what is not finite."""
    floats = [trace.values[parent] for parent in trace.parents[node] if trace.values[parent].dtype.kind == "f"]
    value = trace.values[node]
    return (
        bool(floats)
        and value.dtype.kind == "f"
        and not np.isfinite(value).all()
        and all(np.isfinite(v).all() for v in floats)
    )


def births_of_nan(trace: Trace) -> list[Site]:
    """Where the NaNs of the results began."""
    holds = [value.dtype.kind == "f" and bool(np.isnan(value).any()) for value in trace.values]
    waiting, seen, found = [node for node in trace.outputs if holds[node]], set(), []
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        before = [parent for parent in trace.parents[node] if holds[parent]]
        waiting += before
        if not before and trace.sites[node] is not None:
            found.append(trace.sites[node])
    return found


def ends_in(trace: Trace, node: int, ops: tuple[str, ...]) -> bool:
    """Whether one of these operations makes finite numbers of a value that is not: it is saved, and its gradient is not."""
    lost = {node}
    for k in range(node + 1, len(trace)):
        if not lost.isdisjoint(trace.parents[k]) and trace.values[k].dtype.kind == "f":
            if not np.isfinite(trace.values[k]).all():
                lost.add(k)
            elif trace.ops[k] in ops:
                return True
    return False


def backward_program(program: Program, wrt: tuple[int, ...]) -> Program:
    """The gradient of the first output for the arguments at `wrt`; its equations keep the lines of the forward ones."""
    kept = program.backward
    if wrt not in kept:
        forward = jex.jaxpr_as_fun(program.closed)

        def gradient(*flat):
            def result(chosen):
                given = list(flat)
                for place, value in zip(wrt, chosen):
                    given[place] = value
                return forward(*given)[0].sum()

            return jax.grad(result)([flat[place] for place in wrt])

        shapes = [jax.ShapeDtypeStruct(aval.shape, aval.dtype) for aval in program.avals]
        kept[wrt] = trace_program(gradient, shapes, program.roles, program.sites)
    return kept[wrt]
