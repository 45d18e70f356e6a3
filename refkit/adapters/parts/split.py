"""How a program splits its examples, or loads them split already."""

from collections.abc import Callable
from typing import Any

from refkit.adapters.parts.data_parameters import DATA, parameters_of, roles_of, ways
from refkit.adapters.parts.preprocess import arrays_of
from refkit.adapters.parts.sources import modules_of, recorded
from refkit.adapters.parts.surroundings import Surroundings
from refkit.implementation import Part

LACKING = "no split or load found: name it with `--split NAME`"


def adapt_split(surroundings: Surroundings) -> Part:
    """`run` of the file's split or load, as `split_part` has it."""
    return adapted(surroundings, surroundings.find("split"))


def adapt_load(surroundings: Surroundings) -> Part:
    """The same of the function that loads the data, where the file splits it in a function of its own."""
    split, found = surroundings.part("split"), surroundings.find("load")
    if split.run is None or split.run.loads or found is None:
        return Part("split", lacking=LACKING)
    part = adapted(surroundings, found)
    return part if part.run is not None and part.run.loads else Part("split", lacking=LACKING)


def adapted(surroundings: Surroundings, found: Any) -> Part:
    if found is None:
        return Part("split", lacking=LACKING)
    part = split_part(found.object, found.name, found.line)
    if part.run is not None:
        part.run.sources = lambda: recorded(modules_of(surroundings.loaded), "sklearn" in surroundings.loaded.source)
    return part


def split_part(function: Callable, name: str, line: int = 0) -> Part:
    """A function that splits what it is given, or that loads.

    `run(values, seed)` gives the arrays that it returns in their order, each with the key it has in a dict; `run.loads`
    says whether it takes no data.
    """
    parameters = parameters_of(function)
    if parameters is None:
        return Part("split", name, line=line, lacking=f"`{name}` does not say what it takes")
    roles = roles_of(function)
    needed = [p.name for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]

    def run(values: dict[str, Any], seed: int = 0) -> list:
        error: Exception | None = None
        for positional, named in ways(function, values, seed):
            try:
                return arrays_of(function(*positional, **named))
            except Exception as raised:  # noqa: BLE001: another way of handing randomness over may do
                error = error or raised
        raise error or TypeError(f"`{name}` takes {', '.join(p.name for p in parameters) or 'nothing'}")

    run.roles, run.sources = roles, lambda: recorded([])
    run.loads = not any(roles[each] in DATA for each in needed) and not any(roles[each] == "" for each in needed)
    return Part("split", name, run, line)
