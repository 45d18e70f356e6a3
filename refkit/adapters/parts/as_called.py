"""A score called as the program itself calls it, with examples and parameters of ours in the place of its own."""

import copy
import dataclasses
import functools
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
from flax import linen, nnx

from refkit.adapters.labels import LabelForm
from refkit.adapters.own_training.calls import Call
from refkit.adapters.parts.bookkeeping import Batches
from refkit.adapters.parts.carrying import children, replaced, subtrees
from refkit.adapters.parts.data_parameters import role_of
from refkit.adapters.parts.recorded_values import (
    DEPTH,
    arrays_in,
    is_batches,
    is_handed,
    is_identity,
    is_loader,
    is_own,
    named_arrays,
    names_in,
    scaling,
)
from refkit.adapters.values import Values

BATCH_SIZE = re.compile(r"(.*_)?(batch_?size|bs|bsz|chunk(_size)?|batch_?len|eval_batch|minibatch)", re.I)
NEUTRAL = {"mean": 0.0, "deviation": 1.0}


@dataclasses.dataclass
class Ours:
    """What takes the place of the program's own.

    Args:
        values: the model's leaves and inputs.
        labels: as the score takes them.
        batch_size: what it is told to cut batches of.
    """

    values: Values
    labels: np.ndarray
    batch_size: int

    def rows(self, start: int, end: int) -> "Ours":
        cut = tuple(value[start:end] for value in self.values.inputs)
        return Ours(dataclasses.replace(self.values, inputs=cut), self.labels[start:end], self.batch_size)


def ways_as_called(
    call: Call, values_of: Callable[[Any, LabelForm], Values]
) -> Iterator[Callable[[Any, LabelForm], Any]]:
    """Ways to call a score as one recorded call of it was made.

    Args:
        call: which was followed to the model.
        values_of: what parameters are given for some examples.
    """
    if call.handed is None:
        return
    for neutral in (False, True):
        refill = Refill(call, neutral)
        if refill.found and (neutral or refill.is_plain or not refill.maps_inputs):
            yield functools.partial(run, refill, values_of)


def run(refill: "Refill", values_of: Callable, examples: Any, form: LabelForm) -> Any:
    values = values_of(examples, form)
    return refill(Ours(values, np.asarray(values.labels), examples.batch_size))


class Refill:
    """The arguments of one call, those that are data or parameters replaced.

    Args:
        call: which was followed to the model.
        neutral: whether statistics that inputs or answers are scaled by are replaced by 0 and 1; else inputs are scaled
            back by what was seen of them on their way to the model.
    """

    def __init__(self, call: Call, neutral: bool):
        self.call, self.neutral = call, neutral
        self.inputs = [array for _, array in call.handed.inputs]
        every = [array for array in arrays_in(call.bound) if array.ndim]
        place_of = lambda one: next(
            ((array, found) for array in every if (found := scaling(array, one)) is not None), None
        )
        self.places = [place_of(one) for one in self.inputs]
        self.found = all(place is not None for place in self.places) and is_handed(call.bound, call.handed.leaves)
        taken = bool(self.places) and all(place is not None for place in self.places)
        self.count = len(self.places[0][0]) if taken else 0
        self.labels = self.labels_among(call.bound) if taken else None

    @property
    def maps_inputs(self) -> bool:
        return any(place is not None and not is_identity(place[1]) for place in self.places)

    @property
    def is_plain(self) -> bool:
        """Whether nothing in the call scales anything."""
        return not any(role_of(name) in NEUTRAL for name in names_in(self.call.bound))

    def labels_among(self, value: Any) -> np.ndarray | None:
        """The array beside the inputs that is called labels, else the first of whole numbers, else the first."""
        beside = [
            (name, array)
            for name, array in named_arrays(value)
            if array.ndim and len(array) == self.count and not any(array is place for place, _ in self.places)
        ]
        told = [array for name, array in beside if role_of(name) in ("labels", "test_labels", "train_labels")]
        whole = [array for _, array in beside if array.dtype.kind in "iu" and array.ndim < 3]
        return next(iter([*told, *whole, *(array for _, array in beside)]), None)

    def __call__(self, ours: Ours) -> Any:
        signature = inspect.signature(self.call.function)
        bound = inspect.BoundArguments(signature, {})
        for parameter in signature.parameters.values():
            if parameter.name in self.call.bound:
                value = self.call.bound[parameter.name]
            elif is_size(parameter.name) and isinstance(parameter.default, int):
                value = parameter.default
            else:
                continue
            bound.arguments[parameter.name] = self.filled(value, ours, parameter.name, 0)
        returned = self.call.function(*bound.args, **bound.kwargs)
        keeper = next((value for value in bound.arguments.values() if isinstance(value, nnx.Metric)), None)
        return keeper.compute() if keeper is not None and not jax.tree.leaves(returned) else returned

    def filled(self, value: Any, ours: Ours, name: str, depth: int) -> Any:
        model = ours.values.call.model
        if model.cls is not None and isinstance(value, model.cls) and model.framework == "nnx":
            return model.module(ours.values.tree, ours.values.training, ours.values.key)
        if isinstance(value, (np.ndarray, jax.Array)):
            return self.array(value, ours, name)
        if value is None or isinstance(value, (bool, str, bytes, type)) or inspect.isroutine(value) or depth > DEPTH:
            return value
        if isinstance(value, (int, float, np.generic)):
            return self.number(value, ours, name)
        for like in likes(ours.values):
            places = [place for place, _ in subtrees(value, like)] or list(at_other_sizes(value, like))
            for place in places:
                value = replaced(value, place, like)
            if () in places:
                return value
        return self.container(value, ours, name, depth + 1)

    def container(self, value: Any, ours: Ours, name: str, depth: int) -> Any:
        inner = lambda part, key=name: self.filled(part, ours, key, depth)
        if isinstance(value, dict):
            return (
                type(value)({key: inner(part, str(key)) for key, part in value.items()})
                if type(value) is dict
                else value
            )
        if is_batches(value) or is_loader(value):
            return self.batches(value, ours, name, depth)
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*(inner(part, key) for key, part in zip(value._fields, value)))
        if isinstance(value, (list, tuple)):
            return type(value)(inner(part) for part in value)
        if children(value) is not None:  # a train state: its parameters are ours by now
            return value
        if isinstance(value, (linen.Module, nnx.Module)) and not isinstance(value, nnx.Metric):
            return value
        if not is_own(value):
            return copied(value)
        made = copy.copy(value)
        for key, part in list(vars(made).items()):
            try:
                object.__setattr__(made, key, inner(part, key))
            except (AttributeError, TypeError):
                continue
        return made

    def array(self, value: Any, ours: Ours, name: str) -> Any:
        for (place, found), mine in zip(self.places, ours.values.in_order):
            if value is place or np.shape(value) == place.shape and np.array_equal(np.asarray(value), place):
                mine = np.asarray(mine)
                back = (
                    mine
                    if self.neutral or is_identity(found)
                    else np.float32((mine.reshape(len(mine), -1) - found[1]) / found[0]).reshape(mine.shape)
                )
                return back.reshape(len(mine), *place.shape[1:]) if mine[0].size == place[0].size else back
        if (
            self.labels is not None
            and np.shape(value) == self.labels.shape
            and np.array_equal(np.asarray(value), self.labels)
        ):
            labels = ours.labels
            if labels.shape[1:] != self.labels.shape[1:]:
                raise TypeError(f"labels of shape {self.labels.shape} are taken, and not of {labels.shape}")
            return (
                labels.astype(self.labels.dtype)
                if labels.dtype.kind in "iu" or self.labels.dtype.kind == "f"
                else labels
            )
        if np.ndim(value) and len(value) == self.count and not is_weights(name):
            return np.repeat(np.asarray(value)[:1], len(ours.labels), axis=0)
        if self.neutral and role_of(name) in NEUTRAL and np.asarray(value).dtype.kind == "f":
            return np.full(np.shape(value), NEUTRAL[role_of(name)], np.float32)
        return np.array(value) if isinstance(value, np.ndarray) else value

    def number(self, value: float, ours: Ours, name: str) -> Any:
        if is_size(name) and isinstance(value, (int, np.integer)):
            return ours.batch_size
        if self.neutral and role_of(name) in NEUTRAL and isinstance(value, (float, np.floating)):
            return type(value)(NEUTRAL[role_of(name)])
        return (
            len(ours.labels)
            if isinstance(value, (int, np.integer)) and value == self.count and self.count > 9
            else value
        )

    def batches(self, value: Any, ours: Ours, name: str, depth: int) -> Any:
        """Batches of ours, each as the first one that the program gives."""
        first = next(iter(value))
        inside = Refill(dataclasses.replace(self.call, bound={name: first}), self.neutral)
        if any(place is None for place in inside.places):
            raise TypeError(f"`{name}` holds no batch of what the model takes")
        starts = range(0, len(ours.labels), ours.batch_size)
        made = Loader(inside.filled(first, ours.rows(start, start + ours.batch_size), name, depth) for start in starts)
        made.like, made.count, made.batch_size = value, len(ours.labels), ours.batch_size
        return made


class Loader(Batches):
    """Batches in the place of a loader, whose other attributes stay, and whose data set is as long as ours."""

    like: Any = None
    count: int = 0

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(self.like, name)
        counted = name in ("dataset", "data", "ds", "labels", "y") and hasattr(type(found), "__len__")
        return range(self.count) if counted else found


def likes(values: Values) -> list[Any]:
    """The model's parameters and statistics as the program builds them."""
    model = values.call.model
    if model.framework == "linen":
        return [
            values.tree[group] for group in ("parameters", "statistics") if jax.tree.leaves(values.tree.get(group, ()))
        ]
    if model.framework == "jax":
        return [part for part in model.arguments(values.tree) if jax.tree.leaves(part)]
    return [
        state for state in (model.whole_state(values.tree), *model.states(values.tree)[:2]) if jax.tree.leaves(state)
    ]


def at_other_sizes(value: Any, like: Any) -> Iterator[tuple[int, ...]]:
    """Places in a tree of what is built as `like` is, at other sizes."""
    wanted, ranks = jax.tree.structure(like), [np.ndim(leaf) for leaf in jax.tree.leaves(like)]
    level: list[tuple[tuple[int, ...], Any]] = [((), value)]
    while level:
        below: list[tuple[tuple[int, ...], Any]] = []
        for place, node in level:
            leaves = jax.tree.leaves(node)
            if len(leaves) > 1 and [np.ndim(leaf) for leaf in leaves] == ranks and jax.tree.structure(node) == wanted:
                yield place
            elif (parts := children(node)) is not None:
                below += [((*place, number), part) for number, part in enumerate(parts[0])]
        level = below


def is_size(name: str) -> bool:
    return BATCH_SIZE.fullmatch(name) is not None or role_of(name) == "batch_size"


def is_weights(name: str) -> bool:
    return re.search(r"weight|kernel|bias|table|count", name, re.I) is not None


def copied(value: Any) -> Any:
    try:
        return copy.deepcopy(value)
    except Exception:  # noqa: BLE001: what cannot be copied is used as it is
        return value
