"""Search spaces: a range of numbers or a list of values for each hyper-parameter."""

import ast
import contextlib
import dataclasses
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from refkit.errors import RefkitError

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
RANGE = re.compile(rf"({NUMBER})\.\.({NUMBER})(:log)?")
HOW = "write it as `name=1e-5..1e-1:log`, `name=16..256` or `name=relu,tanh`"


@dataclasses.dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included; whole ones where both are.

    Args:
        log: whether they are drawn evenly on a logarithmic scale.
    """

    low: float
    high: float
    log: bool = False

    @property
    def whole(self) -> bool:
        return isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def distribution(self) -> BaseDistribution:
        return (IntDistribution if self.whole else FloatDistribution)(self.low, self.high, log=self.log)

    def suggest(self, trial: optuna.Trial, name: str) -> int | float:
        draw = trial.suggest_int if self.whole else trial.suggest_float
        return draw(name, self.low, self.high, log=self.log)

    def __str__(self) -> str:
        return f"{shown(self.low)}..{shown(self.high)}{':log' * self.log}"

    def points(self, count: int) -> list[Any]:
        """So many numbers over the range, evenly on its scale, both ends among them."""
        shares = [k / (count - 1) for k in range(count)] if count > 1 else [0.5]
        return list(dict.fromkeys(self.at(share) for share in shares))

    def at(self, share: float) -> Any:
        """The number that lies so far along the range, 0 for `low` and 1 for `high`."""
        low, high = self.placed(self.low), self.placed(self.high)
        number = low + share * (high - low)
        number = min(max(math.exp(number) if self.log else number, self.low), self.high)
        return round(number) if self.whole else float(number)

    def share(self, number: float) -> float:
        """How far along the range a number lies, 0 to 1."""
        low, high = self.placed(self.low), self.placed(self.high)
        return (self.placed(number) - low) / (high - low)

    def placed(self, number: float) -> float:
        return math.log(number) if self.log else float(number)


@dataclasses.dataclass(frozen=True)
class Values:
    """A list of numbers, words, truth values or None."""

    values: tuple[Any, ...]

    @property
    def distribution(self) -> BaseDistribution:
        return CategoricalDistribution(self.values)

    def suggest(self, trial: optuna.Trial, name: str) -> Any:
        return trial.suggest_categorical(name, self.values)

    def __str__(self) -> str:
        return ",".join(map(shown, self.values))

    def points(self, count: int) -> list[Any]:
        """All of them, however many are asked for."""
        return list(self.values)


Dimension = Range | Values
Space = dict[str, Dimension]


def shown(value: Any) -> str:
    """A value as it is written on the command line: `0.00321`, `relu`.

    >>> shown(0.0032123), shown(64), shown("relu")
    ('0.003212', '64', 'relu')
    """
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def value_of(text: str) -> Any:
    """A word of the command line as the Python literal that it is, or as itself.

    >>> value_of("1e-3"), value_of("64"), value_of("relu"), value_of("none")
    (0.001, 64, 'relu', 'none')
    """
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    return value if value is None or isinstance(value, bool | int | float | str) else text


def read_spaces(texts: Iterable[str], default: Space) -> Space:
    """What `--space` says: `name=range or values` for each, or a name alone for what `default` has; `default` where it says nothing.

    Raises:
        RefkitError: a text is neither, or a name comes twice.
    """
    space: Space = {}
    for text in texts:
        name, equals, what = (part.strip() for part in text.partition("="))
        if name in space:
            raise RefkitError(f"`--space` is given twice for `{name}`: give it once")
        if equals:
            space[name] = read_dimension(name, what)
        elif name in default:
            space[name] = default[name]
        else:
            raise RefkitError(f"`--space {text}` says no range for `{name}`, which has none of its own: {HOW}")
    return space or dict(default)


def read_settings(texts: Iterable[str]) -> dict[str, Any]:
    """What `--set name=value` says.

    Raises:
        RefkitError: a text is none of these, or a name comes twice.
    """
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (name and equals and value):
            raise RefkitError(f"`--set {text}` sets nothing: write it as `--set name=value`")
        if name in found:
            raise RefkitError(f"`--set` is given twice for `{name}`: give it once")
        found[name] = value_of(value)
    return found


def read_dimension(name: str, text: str) -> Dimension:
    """What stands after `name=`: `1e-5..1e-1:log`, `16..256`, or values with commas between.

    >>> read_dimension("rate", "1e-5..1e-1:log")
    Range(low=1e-05, high=0.1, log=True)

    Raises:
        RefkitError: it is neither.
    """
    if found := RANGE.fullmatch(text):
        return checked(name, value_of(found[1]), value_of(found[2]), bool(found[3]))
    if ".." in text:
        raise RefkitError(f"`{name}={text}` is no range of numbers: {HOW}")
    values = tuple(value_of(part.strip()) for part in text.split(",") if part.strip())
    return distinct(name, values)


def checked(name: str, low: Any, high: Any, log: bool) -> Range:
    """A range whose ends are numbers in order."""
    for end in (low, high):
        if isinstance(end, bool) or not isinstance(end, int | float) or not math.isfinite(end):
            raise RefkitError(f"the range of `{name}` goes from {low!r} to {high!r}: give two finite numbers")
    if not low < high:
        raise RefkitError(
            f"the range of `{name}` goes from {shown(low)} to {shown(high)}: give the smaller number first"
        )
    if log and low <= 0:
        raise RefkitError(f"the range of `{name}` starts at {shown(low)}, which has no logarithm: start it above 0")
    if isinstance(low, float) or isinstance(high, float):
        low, high = float(low), float(high)
    return Range(low, high, log)


def distinct(name: str, values: Iterable[Any]) -> Values:
    values = tuple(values)
    if not values:
        raise RefkitError(f"`{name}` is given no value: {HOW}")
    for value in values:
        if not (value is None or isinstance(value, bool | int | float | str)):
            raise RefkitError(
                f"`{name}` may not be {value!r}: a study keeps numbers, words, True, False and None, so give a word for it"
            )
        if isinstance(value, float) and not math.isfinite(value):
            raise RefkitError(f"`{name}` may not be {value}: give finite numbers")
    if len(set(map(repr, values))) < len(values):
        raise RefkitError(f"`{name}` is given a value twice: give each once")
    return Values(values)


def read_space(given: Any) -> Space:
    """A file's own `SPACE`: by name a text as `--space` takes it, `(low, high)`, `(low, high, "log")`, or a list of values.

    Raises:
        RefkitError: it is no such dictionary.
    """
    if not isinstance(given, Mapping) or not given:
        raise RefkitError(
            '`SPACE` is to be a dictionary such as {"learning_rate": (1e-5, 1e-1, "log"), "units": [32, 64]}'
        )
    return {str(name): dimension_of(str(name), what) for name, what in given.items()}


def dimension_of(name: str, what: Any) -> Dimension:
    match what:
        case Range() | Values():
            return what
        case str():
            return read_dimension(name, what)
        case (low, high, "log"):
            return checked(name, low, high, True)
        case tuple() if len(what) == 2:
            return checked(name, what[0], what[1], False)
        case list() | set() | frozenset():
            return distinct(name, what if isinstance(what, list) else sorted(what, key=repr))
        case FloatDistribution() | IntDistribution() if what.step in (None, 1):
            return checked(name, what.low, what.high, what.log)
        case CategoricalDistribution():
            return distinct(name, what.choices)
    raise RefkitError(
        f'`SPACE` has {what!r} for `{name}`: give `(low, high)`, `(low, high, "log")` or a list of values'
    )


def suggest(trial: optuna.Trial, space: Space) -> dict[str, Any]:
    """A value for each hyper-parameter, drawn by the trial's sampler."""
    return {name: dimension.suggest(trial, name) for name, dimension in space.items()}


def require_inside(space: Space, values: Mapping[str, Any], option: str = "--set") -> dict[str, Any]:
    """Values of hyper-parameters that lie in the space, of the types that it has.

    Raises:
        RefkitError: one does not.
    """
    return {name: inside(name, space[name], value, option) for name, value in values.items()}


def inside_ones(space: Space, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the values that lie in the space, of the types that it has."""
    found = {}
    for name, value in values.items():
        with contextlib.suppress(RefkitError):
            found[name] = inside(name, space[name], value, "--set")
    return found


def inside(name: str, dimension: Dimension, value: Any, option: str) -> Any:
    if isinstance(dimension, Values):
        for known in dimension.values:
            if known == value and isinstance(known, bool) == isinstance(value, bool) or str(known) == str(value):
                return known
    elif isinstance(value, int | float) and not isinstance(value, bool) and dimension.low <= value <= dimension.high:
        if not dimension.whole:
            return float(value)
        if value == int(value):
            return int(value)
    raise RefkitError(
        f"`{option} {name}={shown(value)}` lies outside the search space `{name}={dimension}`: widen that by `--space`"
    )


def words_of(space: Space) -> dict[str, str]:
    """The space as it is kept with a study, exactly, to tell whether another search has the same."""
    return {name: exactly(dimension) for name, dimension in space.items()}


def exactly(dimension: Dimension) -> str:
    if isinstance(dimension, Range):
        return f"{dimension.low!r}..{dimension.high!r}{':log' * dimension.log}"
    return ",".join(map(repr, dimension.values))
