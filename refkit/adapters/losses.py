"""The user's loss, found and called: over the model, over its outputs, or nested in the train step."""

import ast
import dataclasses
import re
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp

from refkit.adapters import roles
from refkit.adapters.bindings import plans
from refkit.adapters.calling import required
from refkit.adapters.candidates import (
    Candidate,
    closures,
    function_of,
    looks_like_outputs,
    named_losses,
    plain_candidate,
)
from refkit.adapters.evaluating import ASKS_FOR_TRAINING
from refkit.adapters.evidence import Evidence
from refkit.adapters.labels import LABELS, LabelForm, label_forms
from refkit.adapters.loss_data import pairs_examples, takes_data
from refkit.adapters.loss_modes import in_modes
from refkit.adapters.raised import Failure, ModelRaised, model_raised, user_lines
from refkit.adapters.search import Call, abstract
from refkit.adapters.sizes import inner_jaxprs
from refkit.adapters.values import Plan, Slot, Values

LIMIT = 60
CLASSES = re.compile(
    r"cross_entropy|log_?softmax|logsumexp|argmax|nll|sigmoid_binary|\bbce|\b(n_|num_)?classes\b|logits?\b|classif"
    r"|one_?hot\(\s*(\w+\[.)?(y|labels?|targets?|batch_y)\b",
    re.I,
)
TARGETS = re.compile(
    r"squared|\bmse\b|mse_loss|l2_loss|huber|mean_absolute|\bmae\b|rmse|regress|\)\s*\*\*\s*2\b|\bsquare\(", re.I
)


@dataclasses.dataclass
class Loss:
    """A loss that works.

    Args:
        over_model: `f(tree, inputs, labels, key=None, training=False)`; None where the loss takes outputs.
        over_outputs: `f(outputs, labels)`.
        notes: what the adapter had to do.
        label_dtype: of the labels it takes, `int32` for class ids or `float32` for targets; where it raises on both, what
            the file says of them.
        failures: attempts that raised.
    """

    over_model: Callable[..., jax.Array] | None = None
    over_outputs: Callable[..., jax.Array] | None = None
    notes: list[str] = dataclasses.field(default_factory=list)
    label_dtype: str = ""
    failures: list[Failure] = dataclasses.field(default_factory=list)

    def raised(self, file: str) -> ModelRaised | None:
        """What the loss itself raised in every way of calling it; None where one worked or there is no loss."""
        if self.over_model is not None or self.over_outputs is not None:
            return None
        own = [failure for failure in self.failures if user_lines(failure.error, file)]
        return model_raised(own, file, None) if own else None


def find_loss(call: Call, evidence: Evidence, file: str, loss: Any, train_step: Any, label_dtype: str) -> Loss:
    """The program's loss, by trying the call shapes on shapes alone.

    Args:
        loss: the object, or its name, that the caller holds for the loss; None to look for it.
        train_step: likewise for the train step.
    """
    found = Loss()
    given = function_of(loss, evidence)
    named = [plain_candidate(given, evidence)] if given is not None else list(named_losses(evidence))
    step = getattr(train_step, "name", None) or getattr(train_step, "__name__", train_step)
    nested = sorted(closures(evidence, file), key=lambda candidate: step not in candidate.around)
    if given is not None and not looks_like_outputs(named[0]):
        order = [*named, *nested]
    else:
        order = nested or named  # what is differentiated is the loss, whatever else is called so
    inside = [part for candidate in order for part in evidence.reached(candidate.definition)]
    dtypes = label_dtypes(evidence, evidence.text_outside(inside), label_dtype)
    for dtype in dtypes:
        for candidate in order:
            if found.over_model is None:
                over_model(candidate, call, evidence, dtype, found)
        for candidate in [*named, *nested]:
            if found.over_outputs is None and (found.over_model is None or candidate in named):
                over_model_outputs(candidate, call, evidence, dtype, found)
        if found.over_model is not None or found.over_outputs is not None:
            found.label_dtype = dtype
            return found
    found.label_dtype = dtypes[0] if found.failures else ""
    return found


def label_dtypes(evidence: Evidence, outside: str, expected: str) -> list[str]:
    """Class ids or targets: what the file's words say, else what the reference has; then the other.

    Args:
        outside: the text without the loss: a loss of the wrong kind does not make its labels so.
    """
    for text in (outside, evidence.source):
        classes, targets = CLASSES.search(text), TARGETS.search(text)
        if bool(classes) != bool(targets):
            expected = "int32" if classes else "float32"
            break
    return [expected, "float32" if expected == "int32" else "int32"]


def over_model(candidate: Candidate, call: Call, evidence: Evidence, label_dtype: str, found: Loss) -> None:
    """Set `found.over_model` where one of the call shapes gives a scalar."""
    if looks_like_outputs(candidate):
        return
    forms, told = forms_of(candidate, call, evidence, label_dtype)
    shapes = abstract_arguments(call, label_dtype)
    tried = 0
    for plan in candidate_plans(candidate, call, evidence):
        for single in (False, True) if may_be_single(candidate, evidence) else (False,):
            tried += len(forms)
            functions = [in_modes(model_loss(candidate, call, plan, form, single), evidence, call) for form in forms]
            chosen = choose(functions, shapes, call.batch, told, found.failures)
            if chosen is not None:
                keyless = in_modes(model_loss(candidate, call, plan, forms[chosen], single, True), evidence, call)
                found.over_model = keyless if draws_less(keyless, functions[chosen], shapes) else functions[chosen]
                found.notes += notes_of(forms[chosen], single)
                if ASKS_FOR_TRAINING.search(evidence.source):
                    found.notes.append("the loss is seen in evaluation mode: no dropout, running statistics")
                return
        if tried >= LIMIT:
            return


def draws_less(keyless: Callable, function: Callable, shapes: tuple) -> bool:
    """Whether a loss draws random numbers that it does not draw without a key."""
    try:
        return draws(jax.make_jaxpr(function)(*shapes).jaxpr) and not draws(jax.make_jaxpr(keyless)(*shapes).jaxpr)
    except Exception:  # noqa: BLE001: without a key it may raise anything
        return False


def draws(jaxpr: Any) -> bool:
    """Whether random numbers are drawn."""
    return any(
        equation.primitive.name in ("random_bits", "threefry2x32") or any(map(draws, inner_jaxprs(equation)))
        for equation in jaxpr.eqns
    )


def may_be_single(candidate: Candidate, evidence: Evidence) -> bool:
    """Whether a loss may be for one example: the file maps something over the batch, and not the loss itself."""
    own = ast.get_source_segment(evidence.source, candidate.definition) if candidate.definition is not None else ""
    return evidence.mentions_vmap and "vmap" not in (own or "")


def forms_of(candidate: Candidate, call: Call, evidence: Evidence, label_dtype: str) -> tuple[list[LabelForm], bool]:
    return label_forms(evidence, candidate.definition, label_dtype == "int32", output_shape(call), call.swaps)


def choose(functions: list[Callable], shapes: tuple, batch: int, told: bool, failures: list[Failure]) -> int | None:
    """The first of the functions that gives a scalar, unless it pairs examples with each other and another does not.

    Args:
        told: whether the file itself says how labels come: then the first that runs is meant, whatever it does.
    """
    mixing = None
    for index, function in enumerate(functions):
        try:
            traced, result = jax.make_jaxpr(function, return_shape=True)(*shapes)
        except Exception as error:
            failures.append(Failure(error, "loss"))
            continue
        if not is_scalar(result):
            continue
        if not takes_data(traced.jaxpr, shapes):
            failures.append(Failure(LookupError("the loss is computed on data of its own"), "loss"))
            continue
        if told or not pairs_examples(traced.jaxpr, batch):
            return index
        mixing = index if mixing is None else mixing
    return mixing


def candidate_plans(candidate: Candidate, call: Call, evidence: Evidence) -> Iterator[Plan]:
    """Ways to fill every stage. Of a nested loss, the innermost parameters are what is differentiated."""
    stages = candidate.stages
    if len(stages) == 1:
        yield from plans(stages[0], call, candidate.definition, evidence.namespace)
        return
    places = [(stage, parameter) for stage, parameters in enumerate(stages) for parameter in parameters]
    unique = list({parameter.name: parameter for _, parameter in places}.values())
    places = [(stage, parameter.name) for stage, parameter in places]
    inner = stages[-1][0].name if stages[-1] else ""
    last = len(stages) - 1
    for plan in plans(unique, call, candidate.definition, evidence.namespace, inner):
        slots = {
            f"{stage}:{name}": plan.slots[name] if stage == last or not inner else frozen(plan.slots[name])
            for stage, name in places
            if name in plan.slots
        }
        yield Plan(slots, plan.note)


def frozen(slot: Slot) -> Slot:
    """What an enclosing function takes: a closure over it is not differentiated."""
    return lambda values: slot(values.frozen)


def model_loss(
    candidate: Candidate, call: Call, plan: Plan, form: LabelForm, single: bool, keyless: bool = False
) -> Callable[..., jax.Array]:
    def function(
        tree: dict[str, Any],
        inputs: tuple[jax.Array, ...],
        labels: jax.Array,
        key: jax.Array | None = None,
        training: bool = False,
    ) -> jax.Array:
        def evaluate(inputs, labels):
            values = Values(call, tree, inputs, labels, key, training, single, keyless)
            return first(candidate.run(plan.arguments(values)))

        labels = form.convert(labels)
        return jnp.mean(jax.vmap(evaluate)(tuple(inputs), labels)) if single else evaluate(tuple(inputs), labels)

    return function


def first(result: Any) -> Any:
    """The loss of `(loss, aux)`."""
    return result[0] if isinstance(result, (tuple, list)) else result


def is_scalar(result: Any) -> bool:
    return hasattr(result, "shape") and result.shape == () and jnp.issubdtype(result.dtype, jnp.floating)


def over_model_outputs(candidate: Candidate, call: Call, evidence: Evidence, label_dtype: str, found: Loss) -> None:
    """Set `found.over_outputs` where the loss of outputs and labels gives a scalar."""
    if len(candidate.stages) != 1 or len(required(candidate.stages[0])) not in (1, 2):
        return
    outputs = jax.ShapeDtypeStruct(output_shape(call), jnp.float32)
    labels = abstract_arguments(call, label_dtype)[2]
    parameters = [parameter for parameter in candidate.stages[0] if not roles.is_key(parameter.name)][:2]
    if len(parameters) < 2:
        return
    labels_first = bool(LABELS.fullmatch(parameters[0].name.lower())) and not LABELS.fullmatch(
        parameters[1].name.lower()
    )
    forms, told = forms_of(candidate, call, evidence, label_dtype)
    names = [parameter.name for parameter in parameters]
    for swap in [True, False] if labels_first else [False, True]:
        for single in (False, True):
            functions = [output_loss(candidate, names, swap, form, single) for form in forms]
            chosen = choose(functions, (outputs, labels), call.batch, told, found.failures)
            if chosen is not None:
                found.over_outputs = functions[chosen]
                if found.over_model is None:
                    found.notes += notes_of(forms[chosen], single)
                return


def output_loss(
    candidate: Candidate, names: list[str], swap: bool, form: LabelForm, single: bool
) -> Callable[..., jax.Array]:
    def function(outputs: jax.Array, labels: jax.Array) -> jax.Array:
        def evaluate(outputs, labels):
            pair = (labels, outputs) if swap else (outputs, labels)
            result = first(candidate.run(dict(zip(names, pair, strict=True))))
            return jnp.mean(result) if not single and getattr(result, "shape", ()) == outputs.shape[:1] else result

        labels = form.convert(labels)
        return jnp.mean(jax.vmap(evaluate)(outputs, labels)) if single else evaluate(outputs, labels)

    return function


def notes_of(form: LabelForm, single: bool) -> list[str]:
    found = [f"the loss is given its labels as {form.name}"] if form.name else []
    return found + (["the loss takes one example; it is mapped over the batch and averaged"] if single else [])


def output_shape(call: Call) -> tuple[int, ...]:
    shape = call.output.shape
    return (shape[1], shape[0], *shape[2:]) if call.swaps else shape


def abstract_arguments(call: Call, label_dtype: str):
    inputs = abstract(call.layout.inputs, call.batch)
    shape = (call.batch, *output_shape(call)[1:])
    if label_dtype == "int32":
        labels = jax.ShapeDtypeStruct(shape[:-1] if len(shape) > 2 else shape[:1], jnp.int32)
    else:
        labels = jax.ShapeDtypeStruct(shape if len(shape) > 1 else (*shape, 1), jnp.float32)
    return call.tree, inputs, labels
