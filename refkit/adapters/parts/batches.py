"""How a program cuts its examples into batches."""

import inspect
import itertools
from collections.abc import Callable, Iterator
from typing import Any

from refkit.adapters.parts.data_parameters import bind, likely_randoms, parameters_of, roles_of
from refkit.adapters.parts.preprocess import arrays_of
from refkit.adapters.parts.surroundings import Surroundings
from refkit.implementation import Part

LACKING = "no batches found: name them with `--batches NAME`"
ITERATES = ("__iter__", "epoch", "batches", "iterate", "iter_batches", "get_batches", "train_batches", "iter_epoch")


def adapt_batches(surroundings: Surroundings) -> Part:
    """`run` of the file's batches, as `batches_part` has it: a function, or a class that is iterated over."""
    found = surroundings.find("batches")
    if found is not None:
        part = batches_part(found.object, found.name, found.line)
        if part.run is not None:
            return part
    for name, thing in list(vars(surroundings.loaded.module).items()):
        method = iterating_method(thing) if isinstance(thing, type) else None
        if method is not None and thing.__module__ == surroundings.loaded.module.__name__:
            line = inspect.getsourcelines(thing)[1] if has_source(thing) else 0
            return batches_part(constructed(thing, method), f"{name}.{method}", line)
    return part if found is not None else Part("batches", lacking=LACKING)


def has_source(thing: type) -> bool:
    try:
        return bool(inspect.getsourcelines(thing))
    except (OSError, TypeError):
        return False


def iterating_method(thing: type) -> str | None:
    """The method of a class that gives batches, where its constructor takes inputs and labels."""
    method = next((name for name in ITERATES if name in vars(thing)), None)
    roles = set(roles_of(thing).values())
    return method if method is not None and ("labels" in roles or "batch" in roles) else None


def constructed(thing: type, method: str) -> Callable:
    """A function of both the constructor's and the method's parameters, in one."""
    first = parameters_of(thing) or []
    second = [p for p in inspect.signature(getattr(thing, method)).parameters.values() if p.name != "self"]
    names = [p.name for p in first]
    joined = {p.name: p.replace(kind=p.KEYWORD_ONLY) for p in [*first, *second] if p.kind is not p.VAR_KEYWORD}

    def function(**given: Any) -> Any:
        made = thing(**{name: given[name] for name in names})
        return getattr(made, method)(**{p.name: given[p.name] for p in second if p.kind is not p.VAR_KEYWORD})

    function.__signature__ = inspect.Signature(list(joined.values()))
    return function


def batches_part(function: Callable, name: str, line: int = 0) -> Part:
    """A function that cuts batches.

    `run(values, seed, most)` takes what each role is, as `{"x": …, "labels": …, "batch_size": 5}`, and gives the
    batches of one call, `most` of them at most, each a list of arrays with the keys that they have in a dict.
    """
    parameters = parameters_of(function)
    if parameters is None:
        return Part("batches", name, line=line, lacking=f"`{name}` does not say what it takes")
    roles = roles_of(function)

    def run(values: dict[str, Any], seed: int, most: int) -> Iterator[list]:
        yield from itertools.islice(batches_in(start(values, seed)), most)

    def start(values: dict[str, Any], seed: int) -> Any:
        random = next((p.name for p in parameters if roles[p.name] == "random"), None)
        error: Exception | None = None
        for make in likely_randoms(random, seed) if random else (None,):
            given = dict(values) | {"epoch": seed, "also": ("epoch",)} | ({"random": make()} if make else {})
            bound = bind(parameters, given, roles)
            if bound is None:
                continue
            try:
                return peeked(function(*bound[0], **bound[1]))
            except Exception as raised:  # noqa: BLE001: another way of handing randomness over may do
                error = error or raised
        raise error or TypeError(f"`{name}` takes {', '.join(p.name for p in parameters) or 'nothing'}")

    run.roles, run.many = roles, inspect.isgeneratorfunction(inspect.unwrap(function)) or "." in name
    return Part("batches", name, run, line)


def peeked(value: Any) -> Any:
    """An iterator whose first item has been had, so that what a generator raises is raised here; else the value."""
    if isinstance(value, dict) or hasattr(value, "shape") or not hasattr(value, "__iter__"):
        return value
    if isinstance(value, (tuple, list)):
        return value
    iterator = iter(value)
    first = list(itertools.islice(iterator, 1))
    return itertools.chain(first, iterator)


def batches_in(value: Any) -> Iterator[list]:
    """The batches in what was returned: each its arrays with their keys.

    A tuple of arrays, or a dict of them, is one batch, or all batches along a leading axis of its own: see `stacked`.
    """
    if isinstance(value, (dict, tuple)) and arrays_of(value) and not is_pairs(value):
        yield arrays_of(value)
        return
    for item in value if hasattr(value, "__iter__") and not hasattr(value, "shape") else [value]:
        arrays = arrays_of(item)
        if arrays:
            yield arrays


def is_pairs(value: Any) -> bool:
    """Whether a tuple holds batches rather than arrays."""
    return isinstance(value, tuple) and all(isinstance(item, (tuple, list, dict)) for item in value)
