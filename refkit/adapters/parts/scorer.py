"""One function that scores, called with examples whose right answers are known."""

import ast
import dataclasses
import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

from refkit.adapters.batches import batch_slots, indexed_with, unpacked_to
from refkit.adapters.bindings import plans
from refkit.adapters.candidates import Candidate, call_by_kind
from refkit.adapters.evaluating import HAS_MODES
from refkit.adapters.evidence import Evidence
from refkit.adapters.expressions import name_of
from refkit.adapters.labels import LABELS, LabelForm, label_forms, shape_outside
from refkit.adapters.parts.as_called import ways_as_called
from refkit.adapters.parts.bookkeeping import Batches, bookkeeper, counters
from refkit.adapters.parts.examples import Concrete, Examples, as_jax, plain
from refkit.adapters.parts.gone_through import gone_through
from refkit.adapters.search import Call
from refkit.adapters.values import Plan, Slot, Values
from refkit.implementation import Part, no_part

BATCH_SIZE = re.compile(r"(.*_)?(batch_?size|bs|bsz|chunk(_size)?|batch_?len|eval_batch|minibatch)", re.I)
COUNT = re.compile(r"(n|num|total|n_total)(_?(examples|samples|test|data|eval|items))?|count", re.I)
STEPS = re.compile(r"(n|num|max)?_?(batches|steps|eval_steps|n_batches)", re.I)
METRICS = re.compile(r"(.*_)?(metrics?|multi_?metric|meter|accumulator)", re.I)
TOLERANCE = re.compile(r"(.*_)?(tol|tolerance|threshold|eps|margin)", re.I)


@dataclasses.dataclass
class Scorer:
    """A function that scores.

    Args:
        name: what the file calls it.
        line: on which it is defined.
        candidate: its parameters, and how it is run.
        of_outputs: whether it takes outputs and labels.
        named: whether the user named it.
        train: gives the part that runs the file's own training.
        instead: what is called in the place of the function that the training was heard to call; None for itself.
    """

    name: str
    line: int
    candidate: Candidate
    call: Call
    evidence: Evidence
    of_outputs: bool
    named: bool = False
    train: Callable[[], Part] = functools.partial(no_part, "train")
    instead: Callable | None = None

    def remade(self, function: Callable | None) -> "Scorer":
        """The same with another function of the same parameters in its place; itself where that is None."""
        if function is None:
            return self
        run = functools.partial(call_by_kind, function)
        return dataclasses.replace(self, candidate=dataclasses.replace(self.candidate, run=run), instead=function)

    def forms(self, classes: bool, output_shape: tuple[int, ...]) -> tuple[list[LabelForm], bool]:
        """Forms of labels worth trying, and whether the file says which."""
        forms, told = label_forms(self.evidence, self.candidate.definition, classes, output_shape, self.call.swaps)
        if self.reads_one_hot and classes:
            forms = sorted(forms, key=lambda form: form.name != "one-hot rows")
        shape = shape_outside(self.evidence, self.candidate.definition)
        columns = [form for form in forms if "column" in form.name]
        if classes and len(output_shape) > 1 and output_shape[-1] > 1:
            forms = [form for form in forms if form not in columns or shape == "column"]
        elif classes and shape is not None:
            forms = [form for form in forms if (form in columns) == (shape == "column")] or forms
        elif shape is not None:
            forms = forms[:1]
        return forms, told

    @functools.cached_property
    def reads_one_hot(self) -> bool:
        """Whether it takes the largest of its labels, as one-hot rows have it."""
        for node in ast.walk(self.candidate.definition) if self.candidate.definition is not None else ():
            if isinstance(node, ast.Call) and name_of(node.func) == "argmax":
                of = [name_of(part) for part in [*node.args[:1], getattr(node.func, "value", None)] if part is not None]
                if any(LABELS.fullmatch(name.lower()) for name in of if name and name not in ("jnp", "np")):
                    return True
        return False

    def ways(self) -> Iterator[Callable[[Examples, LabelForm], Any]]:
        """Ways to call it, the most plausible first."""
        if self.of_outputs:
            yield from self.ways_with_outputs()
            return
        for plan in self.plans():
            yield functools.partial(self.call_with, plan)

    def ways_as_called(self) -> Iterator[Callable[[Examples, LabelForm], Any]]:
        """Ways to call it as the program itself does when its training is run."""
        part = self.train()
        if part.run is None or self.of_outputs:
            return
        heard = part.run.heard()
        calls = [
            call for call in (*heard.calls, *heard.inner.values()) if call.name == self.name and call.handed is not None
        ]
        for call in calls[:2]:
            call = call if self.instead is None else dataclasses.replace(call, function=self.instead)
            yield from ways_as_called(call, self.values)

    def ways_with_outputs(self):
        needed = [
            p
            for p in self.candidate.stages[0]
            if p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
        ]
        data = [p for p in needed if not self.is_bookkeeping(p.name)]
        has_owner = bool(data) and data[0].name == "self"
        names = [p.name for p in data if p.name != "self"][:2]
        labels_first = len(names) == 2 and LABELS.fullmatch(names[0].lower()) and not LABELS.fullmatch(names[1].lower())

        def way(swap: bool, integers: bool, examples: Examples, form: LabelForm) -> Any:
            outputs = examples.outputs
            if integers:
                outputs = outputs.argmax(-1) if outputs.shape[-1] > 1 else (outputs[..., 0] > 0).astype(np.int32)
            outputs = np.swapaxes(outputs, 0, 1) if self.call.swaps else outputs
            pair = (
                (plain(form.convert(examples.labels)), outputs)
                if swap
                else (outputs, plain(form.convert(examples.labels)))
            )
            given = dict(zip(names, map(as_jax, pair), strict=True))
            values = self.values(examples, form)
            if has_owner:
                given["self"] = self.owner(values)
            kept = {p.name: self.bookkeeping(p.name, examples) for p in needed if self.is_bookkeeping(p.name)}
            return self.finished(self.candidate.run(given | kept), kept)

        integers = [False, True] if any(re.search("pred|guess|answer|y_?hat", name) for name in names) else [False]
        for flag in integers:
            for swap in (True, False) if labels_first else (False, True):
                yield functools.partial(way, swap, flag)

    def owner(self, values: Values) -> Any:
        plan = next(
            iter(plans([self.candidate.stages[0][0]], self.call, self.candidate.definition, self.evidence.namespace))
        )
        return next(iter(plan.slots.values()))(values)

    def values(self, examples: Examples, form: LabelForm, rows: slice = slice(None)) -> Values:
        """What parameters are given, for some of the examples; numbers are concrete."""
        inputs = tuple(np.asarray(value[rows]) for value in examples.inputs)
        return Concrete(
            self.call, examples.tree, inputs, plain(form.convert(examples.labels[rows])), None, examples.training
        )

    def plans(self) -> Iterator[Plan]:
        parameters = self.candidate.stages[0]
        own = [p for p in parameters if not self.is_bookkeeping(p.name) and p.name not in self.iterated]
        for plan in plans(own, self.call, self.syntax, self.evidence.namespace):
            if not self.iterated:
                yield plan
                continue
            for index in range(8):
                yield Plan(plan.slots, f"batch {index}")

    @property
    def syntax(self) -> ast.AST:
        """The function and what it calls in one: a batch may be taken apart in the loss that it hands it to."""
        return ast.Module(body=self.evidence.reached(self.candidate.definition), type_ignores=[])

    def call_with(self, plan: Plan, examples: Examples, form: LabelForm) -> Any:
        given = plan.arguments(self.values(examples, form))
        for name in self.iterated:
            given[name] = self.batches(name, int(plan.note.split()[-1]), examples, form)
        kept = {
            p.name: self.bookkeeping(p.name, examples)
            for p in self.candidate.stages[0]
            if self.is_bookkeeping(p.name) and (p.default is p.empty or not METRICS.fullmatch(p.name))
        }
        return self.finished(self.candidate.run(given | kept), kept)

    def finished(self, returned: Any, kept: dict[str, Any]) -> Any:
        """What it returned; what its metrics came to where it returned nothing."""
        keeper = next((value for value in kept.values() if hasattr(value, "compute")), None)
        return keeper.compute() if keeper is not None and not jax.tree.leaves(returned) else returned

    def is_bookkeeping(self, name: str) -> bool:
        if name in self.iterated or LABELS.fullmatch(name.lower()) and len(name) > 1 and not METRICS.fullmatch(name):
            return False
        return self.is_size(name) or any(
            pattern.fullmatch(name) for pattern in (BATCH_SIZE, COUNT, STEPS, METRICS, TOLERANCE)
        )

    def is_size(self, name: str) -> bool:
        """Whether a parameter such as `batch=100` is a size by its default."""
        default = next((p.default for p in self.candidate.stages[0] if p.name == name), None)
        return (
            type(default) is int
            and default > 1
            and re.fullmatch(r"batch|batch_?len|size|chunk|step|b|mb", name) is not None
        )

    def bookkeeping(self, name: str, examples: Examples) -> Any:
        """A value for what is neither model nor data."""
        if BATCH_SIZE.fullmatch(name) or self.is_size(name):
            return examples.batch_size
        if METRICS.fullmatch(name):
            return bookkeeper(self.evidence)
        if STEPS.fullmatch(name):
            return -(-len(examples.labels) // examples.batch_size)
        if TOLERANCE.fullmatch(name):
            default = next((p.default for p in self.candidate.stages[0] if p.name == name), None)
            return (
                default if isinstance(default, (int, float)) else (0.04 if examples.labels.dtype.kind == "f" else 0.5)
            )
        return len(examples.labels)

    @functools.cached_property
    def iterated(self) -> dict[str, str]:
        """Parameters that are gone through in batches, and what each batch is called (`x,y` where it is unpacked)."""
        names = {p.name for p in self.candidate.stages[0]}
        found: dict[str, str] = {}
        for node in ast.walk(self.candidate.definition) if self.candidate.definition is not None else ():
            if not isinstance(node, (ast.For, ast.comprehension)):
                continue
            for name, target in gone_through(node.iter, node.target):
                if name in names:
                    found[name] = (
                        ",".join(name_of(e) for e in target.elts) if isinstance(target, ast.Tuple) else name_of(target)
                    )
        return found

    @property
    def is_batched(self) -> bool:
        """Whether it cuts batches by itself or is given some."""
        definitions = self.evidence.reached(self.candidate.definition)
        return bool(self.iterated) or any(
            isinstance(n, (ast.For, ast.comprehension, ast.While)) for d in definitions for n in ast.walk(d)
        )

    @property
    def has_modes(self) -> bool:
        """Whether the model is a Module that is in training or in evaluation mode by itself."""
        return self.call.model.framework == "nnx" and bool(HAS_MODES.search(self.evidence.source))

    def forget_traces(self) -> None:
        """Have the file's jitted functions traced anew: a mode is read when they are traced."""
        for value in list(self.evidence.namespace.variables.values()):
            jitted = getattr(value, "jitted_fn", value)
            if hasattr(jitted, "clear_cache") and not isinstance(jitted, type):
                jitted.clear_cache()

    @property
    def text(self) -> str:
        """The source of the function and of those of the file that it calls."""
        parts = self.evidence.reached(self.candidate.definition)
        return "\n".join(ast.get_source_segment(self.evidence.source, part) or "" for part in parts)

    @functools.cached_property
    def sizes(self) -> dict[str, int]:
        """The file's constants that the function may cut its batches by."""
        return counters(self.evidence, self.candidate.definition, BATCH_SIZE)

    def batches(self, name: str, index: int, examples: Examples, form: LabelForm) -> Batches:
        """Batches of the examples, each as the function takes it apart; the last one is short."""
        slots = self.batch_slots(self.iterated[name])
        slot = slots[index % len(slots)][1]
        starts = range(0, len(examples.labels), examples.batch_size)
        found = Batches(slot(self.values(examples, form, slice(s, s + examples.batch_size))) for s in starts)
        found.batch_size = examples.batch_size
        return found

    def batch_slots(self, item: str) -> list[tuple[str, Slot]]:
        unpacked = item.split(",") if "," in item else []
        keys: list[str] = []
        for definition in self.evidence.reached(self.candidate.definition):
            names = [item, *(a.arg for a in definition.args.args if a.arg.lower().endswith("batch"))]
            for name in names:
                keys += [key for key in indexed_with(definition, name) if key not in keys]
                unpacked = unpacked or unpacked_to(definition, name)
        return batch_slots(self.call.layout.inputs, keys, unpacked, self.call.layout.packing.keys)
