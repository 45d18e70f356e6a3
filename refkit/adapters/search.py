"""Finding how a model is built and called: by shapes alone, without computing anything."""

import dataclasses
import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jax
import jax.numpy as jnp

from refkit.adapters import roles
from refkit.adapters.calling import Data
from refkit.adapters.evidence import Evidence
from refkit.adapters.extras import Extra, extra_choices
from refkit.adapters.layouts import Layout, layouts
from refkit.adapters.outputs import Output, pick
from refkit.adapters.raised import Failure
from refkit.adapters.sizes import variants
from refkit.implementation import Input

BATCHES = (7, 11, 13, 17, 19, 23)
ATTEMPTS = 200
UNUSABLE = 100


@dataclasses.dataclass
class Call:
    """A model built and called successfully.

    Args:
        model: the adapter's model.
        layout: how it takes its inputs.
        extras: what its forward function wants beside them.
        batch: examples in the trial.
        tree: shapes of its leaves.
        output: which of what it returns counts.
        cost: 0 where everything is as expected; the least cost wins.
    """

    model: Any
    layout: Layout
    extras: tuple[Extra, ...]
    batch: int
    tree: dict[str, Any] = dataclasses.field(default_factory=dict)
    output: Output = Output(0, ())
    cost: int = 0

    def arrange(self, values: list[jax.Array], batch: int | None) -> Data:
        """The user's data from a batch, or from one example where `batch` is None."""
        data = self.layout.arrange(values)
        if not self.extras:
            return data
        made = {extra.name: extra.make(batch, self.steps) for extra in self.extras}
        return Data(data.positional, data.named | made)

    @property
    def steps(self) -> int:
        """Steps of the sequences among the inputs."""
        return next((given.shape[0] for given in self.layout.inputs if given.kind in ("sequence", "tokens")), 1)

    def example(self, batch: int) -> Data:
        """Data of the user's layout, all zeros, for models whose parameters follow from data."""
        values = [jnp.zeros((batch, *given.shape), given.dtype) for given in self.layout.inputs]
        if self.layout.per_example:
            return self.arrange([value[0] for value in values], None)
        return self.arrange(values, batch)

    def init(self, key: jax.Array) -> dict[str, Any]:
        return self.model.init(key, self.example(1))

    def raw(self, tree: dict[str, Any], inputs: tuple[jax.Array, ...], training: bool, key: jax.Array | None) -> Any:
        """What the user's model returns for a batch in the reference's convention."""
        if not self.layout.per_example:
            return self.model.run(tree, self.arrange(list(inputs), inputs[0].shape[0]), training, key)
        one = lambda key, *values: self.model.run(tree, self.arrange(list(values), None), training, key)
        if key is None:
            return jax.vmap(lambda *values: one(None, *values))(*inputs)
        return jax.vmap(one)(jax.random.split(key, inputs[0].shape[0]), *inputs)

    def outputs(
        self, tree: dict[str, Any], inputs: tuple[jax.Array, ...], training: bool = False, key: jax.Array | None = None
    ):
        """The output, batch first."""
        chosen = self.output.of(self.raw(tree, inputs, training, key))
        return jnp.swapaxes(chosen, 0, 1) if self.swaps else chosen

    @property
    def swaps(self) -> bool:
        """Whether the output comes with time first and one value a step."""
        shape = self.output.shape
        return self.layout.time_first and len(shape) > 2 and shape[0] != self.batch and shape[1] == self.batch


def batch_size(inputs: tuple[Input, ...], leaves: Iterable[Any]) -> int:
    """A prime that is no other axis's size."""
    taken = {size for given in inputs for size in given.shape} | {size for leaf in leaves for size in leaf.shape}
    return next((prime for prime in BATCHES if prime not in taken), BATCHES[-1])


def abstract(inputs: tuple[Input, ...], batch: int) -> tuple[jax.ShapeDtypeStruct, ...]:
    return tuple(jax.ShapeDtypeStruct((batch, *given.shape), given.dtype) for given in inputs)


def find_call(
    models: list[Callable[[], Any]], inputs: tuple[Input, ...], outputs: int, evidence: Evidence, guessed: bool
) -> tuple[Call | None, list[Failure]]:
    """The cheapest way to build and call, and the attempts that raised.

    Args:
        models: one function a way to construct; each gives an adapter's model or raises.
        guessed: whether sizes were guessed, so that the number of outputs has to be the reference's.
    """
    failures: list[Failure] = []
    found: list[Call] = []
    tried = 0
    for make in models:
        try:
            model = make()
            leaves = shapes_alone(model)
        except Exception as error:
            failures.append(Failure(error, "constructor"))
            continue
        for layout, extras in ways_to_call(model, inputs, evidence, leaves):
            tried += 1
            call, failure = attempt(model, layout, extras, outputs, evidence, guessed)
            if failure is not None:
                failures.append(failure)
            elif call.cost == 0:
                return call, failures
            elif call.cost < UNUSABLE or not call.layout.per_example:
                found.append(call)
            if tried >= ATTEMPTS:
                return min(found, key=lambda call: call.cost, default=None), failures
    return min(found, key=lambda call: call.cost, default=None), failures


def ways_to_call(
    model: Any, inputs: tuple[Input, ...], evidence: Evidence, leaves: list[Any]
) -> Iterator[tuple[Layout, tuple[Extra, ...]]]:
    """Sizes, layouts and further arguments, most plausible first."""
    inputs = with_lengths(inputs, model.data_parameters, evidence.gives_lengths)
    choices = extra_choices(model.data_parameters, len(inputs), model.cls, evidence, leaves)
    for sized in variants(inputs, evidence, leaves):
        for extras in choices:
            names = {extra.name for extra in extras}
            taking = [parameter for parameter in model.data_parameters if parameter.name not in names]
            for layout in layouts(sized, taking, model.function, evidence):
                if evidence.may_take_one_example or not layout.per_example:
                    yield layout, extras


def with_lengths(
    inputs: tuple[Input, ...], parameters: list[inspect.Parameter], gives_lengths: bool
) -> tuple[Input, ...]:
    """The inputs, with lengths where the forward function is given them, and without where it takes none.

    Args:
        gives_lengths: whether the file's own calls give them even where they may be left out.
    """
    timed = next((given for given in inputs if given.kind in ("sequence", "tokens")), None)
    names = [parameter for parameter in parameters if roles.suits(parameter.name, "lengths")]
    needed = any(gives_lengths or parameter.default is inspect.Parameter.empty for parameter in names)
    given = any(given.kind == "lengths" for given in inputs)
    if needed and not given and timed is not None:
        return (*inputs, Input("lengths", "lengths", (), "int32", timed.shape[0]))
    if given and not names and len(parameters) < len(inputs):
        return tuple(entry for entry in inputs if entry.kind != "lengths")
    return inputs


def shapes_alone(model: Any) -> list[Any]:
    """Leaves of a model that is built without data; empty where data decide."""
    if model.needs_data:
        return []
    model.tree = jax.eval_shape(lambda key: model.init(key, None), key_shape())
    return jax.tree.leaves(model.tree)


def key_shape() -> jax.ShapeDtypeStruct:
    return jax.eval_shape(lambda: jax.random.key(0))


def attempt(
    model: Any, layout: Layout, extras: tuple[Extra, ...], outputs: int, evidence: Evidence, guessed: bool
) -> tuple[Call | None, Failure | None]:
    """One way to call, by shapes."""
    if model.gives_output and not layout.per_example:
        call, failure = judged(initialize_on_batch, model, layout, extras, outputs, evidence, guessed)
        if call is None or call.cost < UNUSABLE:
            return call, failure
    return judged(initialize_then_run, model, layout, extras, outputs, evidence, guessed)


def judged(
    trial: Callable,
    model: Any,
    layout: Layout,
    extras: tuple[Extra, ...],
    outputs: int,
    evidence: Evidence,
    guessed: bool,
) -> tuple[Call | None, Failure | None]:
    """A trial's call with its cost, or why there is none."""
    described = tuple(
        f"{'i32' if given.dtype == 'int32' else 'f32'}[batch,{','.join(map(str, given.shape))}]"
        for given in layout.inputs
    )
    try:
        call, returned = trial(model, layout, extras)
    except Exception as error:
        return None, Failure(error, "forward", layout.name, described)
    output = pick(returned, call.batch, outputs)
    if output is None:
        return None, Failure(TypeError("the model returns no array of floats"), "forward", layout.name, described)
    call.output = output
    call.cost = cost(call, outputs, evidence, guessed)
    return call, None


def initialize_on_batch(model: Any, layout: Layout, extras: tuple[Extra, ...]) -> tuple[Call, Any]:
    """Parameters and output in one go."""
    call = Call(model, layout, extras, batch_size(layout.inputs, ()))
    call.tree, returned = jax.eval_shape(lambda key: model.init_with_output(key, call.example(call.batch)), key_shape())
    return call, returned


def initialize_then_run(model: Any, layout: Layout, extras: tuple[Extra, ...]) -> tuple[Call, Any]:
    """Parameters from one example, where they follow from data at all, then a batch."""
    call = Call(model, layout, extras, 1)
    call.tree = model.tree or jax.eval_shape(call.init, key_shape())
    call.batch = batch_size(layout.inputs, jax.tree.leaves(call.tree))
    run = lambda tree, *values: call.raw(tree, values, False, None)
    return call, jax.eval_shape(run, call.tree, *abstract(layout.inputs, call.batch))


def cost(call: Call, outputs: int, evidence: Evidence, guessed: bool) -> int:
    """How far from what was expected: 0 is as expected."""
    shape = call.output.shape
    led = bool(shape) and (shape[0] == call.batch or call.swaps)
    total = 0 if led else UNUSABLE
    if guessed and len(shape) > 1 and shape[-1] != outputs:
        total += 20
    if any(0 in leaf.shape for leaf in jax.tree.leaves(call.tree)) or 0 in shape:
        total += UNUSABLE
    if call.layout.per_example and not evidence.mentions_vmap:
        total += 2
    if call.layout.per_example and len(shape) > 2 and call.steps == 1:
        total += UNUSABLE
    images = [given for given in call.layout.inputs if given.kind == "image"]
    kernels = [leaf.shape for leaf in jax.tree.leaves(call.tree.get("parameters", {})) if len(leaf.shape) == 4]
    if images and kernels and not any(images[0].shape[-1] in kernel[:3] for kernel in kernels):
        total += 5
    return total


def other_time_axis(call: Call, outputs: int, evidence: Evidence, guessed: bool) -> list[Call]:
    """The same call with batch and time the other way round, where that runs and gives as good an output.

    With one output for each example the axis that is left tells batch from time, unless the file says otherwise.
    """
    if len(call.output.shape) < 3 and not evidence.time_first:
        return []
    return [other for other in turned(call, outputs, evidence, guessed) if other.cost <= call.cost]


def turned(call: Call, outputs: int, evidence: Evidence, guessed: bool) -> list[Call]:
    """The same call with batch and time the other way round, where that runs at all."""
    timed = any(given.kind in ("sequence", "tokens") for given in call.layout.inputs)
    if not timed or call.layout.per_example:
        return []
    found = []
    names = {extra.name for extra in call.extras}
    taking = [parameter for parameter in call.model.data_parameters if parameter.name not in names]
    for layout in layouts(call.layout.inputs, taking, call.model.function, evidence):
        same = layout.packing.name == call.layout.packing.name and layout.per_example == call.layout.per_example
        if same and layout.time_first != call.layout.time_first:
            other, _ = attempt(call.model, layout, call.extras, outputs, evidence, guessed)
            if other is not None:
                found.append(other)
    return found[:1]
