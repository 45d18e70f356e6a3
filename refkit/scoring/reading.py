"""What a metric says, as numbers, and what kind of number each is."""

import dataclasses
import re
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

RELATIVE = 3e-5
FORMS: dict[str, Callable[[float, int], float]] = {
    "share right": lambda share, count: share,
    "share wrong": lambda share, count: 1 - share,
    "percent right": lambda share, count: 100 * share,
    "percent wrong": lambda share, count: 100 * (1 - share),
    "number right": lambda share, count: share * count,
    "number wrong": lambda share, count: (1 - share) * count,
    "root": lambda share, count: max(share, 0.0) ** 0.5,
}
NUMBER = re.compile(r"[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?")


@dataclasses.dataclass(frozen=True)
class Leaf:
    """One number that a metric gives: where in what it returned, and its value for each set of examples."""

    name: str
    values: tuple[float, ...]


def numbers(returned: Any) -> dict[str, float]:
    """The numbers in what a metric returned, by path; arrays of truth values by their mean."""
    found: dict[str, float] = {}
    for path, leaf in jax.tree_util.tree_leaves_with_path(plain(returned)):
        name = jax.tree_util.keystr(path, simple=True, separator=".")
        if isinstance(leaf, str):
            text = NUMBER.search(leaf)
            if text:
                found[name] = float(text[0])
            continue
        try:
            value = np.asarray(leaf)
            value = value.astype(np.float64) if value.dtype.kind in "biuf" or value.dtype.name == "bfloat16" else None
        except (TypeError, ValueError):
            continue
        if value is None:
            continue
        if value.ndim == 0 or value.size == 1:
            found[name] = float(value.reshape(()))
        elif np.isin(value, (0, 1)).all() and value.ndim < 3:
            found[name] = float(value.mean())
    return found


def plain(returned: Any) -> Any:
    """Dataclasses as dicts."""
    if dataclasses.is_dataclass(returned) and not isinstance(returned, type):
        return {field.name: getattr(returned, field.name) for field in dataclasses.fields(returned)}
    if hasattr(returned, "compute") and callable(returned.compute):
        return returned.compute()
    return returned


def same(value: float, wanted: float) -> bool:
    """Whether two numbers are one, up to float32 or to the decimals that the first is rounded to."""
    if not (np.isfinite(value) and np.isfinite(wanted)):
        return False
    if abs(value - wanted) <= RELATIVE * max(abs(wanted), 1e-3):
        return True
    return any(
        abs(value - round(value, digits)) < 1e-9 and abs(round(wanted, digits) - value) < 1e-9 for digits in (2, 3, 4)
    )


def form_of(values: Sequence[float], shares: Sequence[float], counts: Sequence[int]) -> str | None:
    """Which kind of number a leaf is, if it says these shares of these counts."""
    for name, form in FORMS.items():
        wanted = [form(share, count) for share, count in zip(shares, counts, strict=True)]
        if len(values) == len(wanted) and all(map(same, values, wanted)):
            return name
    return None


def leaves_of(readings: Sequence[dict[str, float]]) -> list[Leaf]:
    """The numbers that are in every reading."""
    names = [name for name in readings[0] if all(name in reading for reading in readings)] if readings else []
    return [Leaf(name, tuple(reading[name] for reading in readings)) for name in names]
