"""Tuning a function `train` of one's own: how it is found, called and read."""

import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from numbers import Real
from pathlib import Path
from types import MappingProxyType
from typing import Any

from refkit.errors import RefkitError
from refkit.loading.failures import say_error, user_line
from refkit.loading.location import locate
from refkit.tuning.spaces import Space, inside_ones, read_space, read_spaces
from refkit.tuning.subject import Report, Subject, Unusable, better_of, require_direction, require_finite

DEFAULT_NAME, METRIC = "train", "value"
BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def function_subject(
    spec: str,
    spaces: Iterable[str] = (),
    settings: Mapping[str, Any] = MappingProxyType({}),
    *,
    metric: str | None = None,
    direction: str | None = None,
) -> Subject:
    """A function `train(config)` of a file.

    It takes the values as one dictionary, or each under its own name; it returns a number or a dictionary of numbers, or
    yields one after each epoch, of which the last counts. If it has a parameter `report`, that is called as
    `report(value, step)` on the way. The file is imported as Python imports it.

    Args:
        spec: `file.py:train`, `file.py` or `package.module:train`.
        spaces: what is searched, as `--space` says it; the file's own `SPACE` if empty.
        settings: values that are kept; those outside the space belong to every trial of the study.
        metric: the key of what it returns that counts, and whether that is better the higher.
        direction: `maximize` or `minimize`, where the metric's name does not say it.

    Raises:
        RefkitError: there is no such file, function or search space.
    """
    location = locate(spec)
    module = imported(location.file, location.shown)
    function = function_of(module, location.name or DEFAULT_NAME, location.shown)
    name = f"{location.shown}:{location.name or DEFAULT_NAME}"
    own = read_space(module.SPACE) if hasattr(module, "SPACE") else {}
    space = read_spaces(spaces, own)
    if not space:
        raise RefkitError(
            f"`{name}` has no search space: put `SPACE = {{...}}` into the file, or give `--space name=1e-5..1e-1:log` for each"
        )
    held = {key: value for key, value in settings.items() if key not in space}
    call = Call(function, tuple(space | held), name)
    metric = metric or getattr(module, "METRIC", METRIC)
    better = require_direction(metric, direction or getattr(module, "DIRECTION", None), better_of(metric))
    return Subject(
        name,
        space,
        metric,
        better,
        {"held": {key: repr(value) for key, value in sorted(held.items())}},
        lambda values, report: Reading(metric, name, location.file).of(call, values | held, report),
        call.defaults(space),
        "",
        spec,
        lambda values: f"take {said(values)} into `{location.shown}` and run it with several seeds",
    )


def said(values: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{key}={value:.4g}" if isinstance(value, float) else f"{key}={value!r}" for key, value in values.items()
    )


def imported(file: str, shown: str) -> Any:
    """The file as a module, its folder on the path as for a script.

    Raises:
        RefkitError: it raises.
    """
    spec = importlib.util.spec_from_file_location(Path(file).stem, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[Path(file).stem] = module
    sys.path.insert(0, str(Path(file).parent))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise RefkitError(
            f"`{shown}` cannot be imported: {at_line(error, file)}{say_error(error)}; mend that first"
        ) from error
    return module


def at_line(error: BaseException, file: str) -> str:
    place = user_line(error, (file,))
    return f"line {place[1]}: " if place else ""


def function_of(module: Any, name: str, shown: str) -> Callable:
    function = getattr(module, name, None)
    if callable(function):
        return function
    known = [
        key for key, value in vars(module).items() if inspect.isfunction(value) and value.__module__ == module.__name__
    ]
    listed = f"it has {', '.join(f'`{key}`' for key in known)}" if known else "it has no function"
    raise RefkitError(
        f"`{shown}` has no function `{name}`: {listed}; name one as in `{shown}:{known[0] if known else 'train'}`"
    )


class Call:
    """How a function takes the values: each under its own name where it has them all, else as one dictionary.

    Args:
        names: of the hyper-parameters.
        shown: the function, for sentences.

    Raises:
        RefkitError: it takes them in neither way.
    """

    def __init__(self, function: Callable, names: tuple[str, ...], shown: str):
        self.function = function
        parameters = inspect.signature(function).parameters
        self.reports = "report" in parameters
        self.parameters = {key: value for key, value in parameters.items() if key != "report"}
        takes_all = any(value.kind is inspect.Parameter.VAR_KEYWORD for value in parameters.values())
        missing = [name for name in names if not (name in self.parameters and self.parameters[name].kind in BY_NAME)]
        needed = [
            key
            for key, value in self.parameters.items()
            if value.default is value.empty and value.kind in (*BY_NAME, inspect.Parameter.POSITIONAL_ONLY)
        ]
        others = [key for key in needed if key not in names]
        self.apart = not others and (takes_all or not missing)
        if not self.apart and len(needed) != 1:
            raise RefkitError(
                f"`{shown}` takes {listed(self.parameters) or 'nothing'}, and the search has {listed(names)}: let it take one "
                "dictionary, as `train(config)`, or each of them by name"
            )

    def __call__(self, values: dict[str, Any], report: Report) -> Any:
        more = {"report": report} if self.reports else {}
        return self.function(**values, **more) if self.apart else self.function(dict(values), **more)

    def defaults(self, space: Space) -> dict[str, Any]:
        """The function's own defaults, as far as they lie in the space."""
        if not self.apart:
            return {}
        given = {name: self.parameters[name].default for name in space if name in self.parameters}
        return inside_ones(space, given)


def listed(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)


class Reading:
    """What a function gives, as the number that counts.

    Args:
        metric: its key, where a dictionary is given.
        shown: the function, for sentences.
        file: where it stands, for the line of what it raises.
    """

    def __init__(self, metric: str, shown: str, file: str):
        self.metric, self.shown, self.file = metric, shown, file

    def of(self, call: Call, values: dict[str, Any], report: Report) -> float:
        """Train, and give the last value.

        Raises:
            Diverged: it is not finite.
            Unusable: what is returned is no number.
        """
        steps = 0

        def told(value: Any, step: int | None = None) -> None:
            nonlocal steps
            steps = steps + 1 if step is None else int(step)
            report(require_finite(self.number(value), f"the value reported at step {steps}"), steps)

        given = call(values, told)
        if inspect.isgenerator(given):
            given = self.exhausted(given, told)
        return require_finite(self.number(given), f"`{self.metric}`")

    def exhausted(self, given: Any, told: Callable[[Any], None]) -> Any:
        """The last thing that a generator yields, or what it returns in the end; each that it yields is reported."""
        last = None
        while True:
            try:
                last = next(given)
            except StopIteration as end:
                return last if end.value is None else end.value
            told(last)

    def number(self, given: Any) -> float:
        if isinstance(given, Mapping):
            if self.metric not in given and len(given) != 1:
                raise Unusable(
                    f"`{self.shown}` returned {listed(given)} and no `{self.metric}`: say which one counts by `--metric`"
                )
            given = given[self.metric] if self.metric in given else next(iter(given.values()))
        if hasattr(given, "item") and getattr(given, "size", 1) == 1:
            given = given.item()
        if isinstance(given, bool) or not isinstance(given, Real):
            raise Unusable(
                f"`{self.shown}` returned `{type(given).__name__}`: let it return the metric as a number, or a dictionary of such"
            )
        return float(given)
