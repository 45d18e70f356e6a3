"""What each column is: a picture, a sequence, words, numbers, a category, or nothing to learn from."""

import dataclasses
import re
from collections.abc import Mapping

import numpy as np

from refkit.starting.source import Source

PICTURE, SEQUENCE, IDS, TEXT, NUMBERS, CATEGORY, LENGTHS, NOTHING = (
    "picture",
    "sequence",
    "ids",
    "text",
    "numbers",
    "category",
    "lengths",
    "nothing",
)
PICTURE_NAME = re.compile(r"image|img|pixel|picture|photo|^x_train$", re.I)
IDS_NAME = re.compile(r"word|token|ids?$|text|question|sentence|sequence", re.I)
ROW_NUMBER = re.compile(r"^$|^(row)?[ _]?(id|index|number|no)$|^unnamed", re.I)
MOST_KINDS = 50  # of a category
WORDS = 3  # of a text, on average


@dataclasses.dataclass(frozen=True)
class Kind:
    """What a column is.

    Args:
        what: one of the words above.
        why: for `nothing`, one clause.
        kinds: of a category, sorted.
    """

    what: str
    why: str = ""
    kinds: tuple[str, ...] = ()


def kinds_of(source: Source, target: str, reference: str | None = None) -> dict[str, Kind]:
    """What every column is but the target's.

    Args:
        reference: that the user asks for, which decides what can be read in two ways.
    """
    columns = {name: source.values(name) for name in source.train if name != target}
    found = {name: kind_of(name, values, source, reference) for name, values in columns.items()}
    lengths = next((columns[name] for name, kind in found.items() if kind.what == LENGTHS), None)
    if lengths is None:
        return found
    return {name: with_lengths(kind, columns[name], len(lengths)) for name, kind in found.items()}


def kind_of(name: str, values: np.ndarray, source: Source, reference: str | None) -> Kind:
    if values.ndim == 1:
        return kind_of_single(name, values)
    if values.dtype.kind not in "biuf":
        return Kind(NOTHING, f"its rows are of {values.dtype}, no numbers")
    if values.ndim == 2:
        whole = values.dtype.kind in "iu" and values.size and values.min() >= 0
        asked = reference in ("lstm", "multimodal") or (reference is None and IDS_NAME.search(name))
        return Kind(IDS) if whole and asked and values.dtype != np.uint8 else Kind(NUMBERS)
    if values.ndim == 3:
        height, width = values.shape[1:]
        square = height == width and height >= 8
        pictured = values.dtype == np.uint8 or PICTURE_NAME.search(name) and square or square
        asked = {"lenet": True, "multimodal": True, "lstm": False}.get(reference, pictured)
        return Kind(PICTURE if asked else SEQUENCE)
    if values.ndim == 4:
        return Kind(PICTURE) if values.shape[-1] in (1, 2, 3, 4) else Kind(NOTHING, channels_last(values))
    return Kind(NOTHING, f"its rows have {values.ndim - 1} axes")


def channels_last(values: np.ndarray) -> str:
    if values.shape[1] in (1, 3, 4):
        return f"its channels come first, {shape_of(values)}: transpose them to the last axis"
    return f"its rows, {shape_of(values)}, are no pictures of 1 to 4 channels"


def shape_of(values: np.ndarray) -> str:
    return "×".join(map(str, values.shape[1:]))


def kind_of_single(name: str, values: np.ndarray) -> Kind:
    if values.dtype.kind in "biuf":
        if re.search("length", name, re.I) and not re.search("mm|cm|inch", name) and is_lengths(values):
            return Kind(LENGTHS)
        known = values[np.isfinite(values)] if values.dtype.kind == "f" else values
        if len(known) == 0:
            return Kind(NOTHING, "every value is missing")
        if known.min() == known.max():
            return Kind(NOTHING, f"it is {known[0]:g} everywhere")
        steps = np.diff(values) if values.dtype.kind in "iu" else ()
        if ROW_NUMBER.search(name) and len(steps) and (steps == 1).all():
            return Kind(NOTHING, "it numbers the rows")
        return Kind(NUMBERS)
    if values.dtype.kind not in "OUS":
        return Kind(NOTHING, f"it holds {values.dtype.name}, neither numbers nor words")
    known = [str(value) for value in values if value is not None and str(value) != ""]
    kinds = sorted(set(known))
    if len(kinds) < 2:
        return Kind(NOTHING, "every value is missing" if not kinds else f"it is `{kinds[0]}` everywhere")
    words = np.mean([len(value.split()) for value in known])
    if words >= WORDS and len(kinds) > min(MOST_KINDS, len(known) / 2):
        return Kind(TEXT)
    if len(kinds) > MOST_KINDS or len(kinds) > len(known) / 2 and len(kinds) > 5:
        return Kind(NOTHING, f"it has {len(kinds):,} different words in {len(known):,} rows")
    return Kind(CATEGORY, kinds=tuple(kinds))


def is_lengths(values: np.ndarray) -> bool:
    return values.dtype.kind in "iu" and values.min() >= 0 and values.max() < 100_000


def with_lengths(kind: Kind, values: np.ndarray, rows: int) -> Kind:
    """Beside lengths, rows of numbers are steps, and so are more rows than there are lengths."""
    if kind.what in (NUMBERS, IDS) and (values.ndim == 2 or len(values) != rows):
        whole = values.dtype.kind in "iu" and values.min() >= 0
        return Kind(IDS if whole and (values.ndim == 1 or len(values) == rows) else SEQUENCE)
    return kind


def inputs_of(kinds: Mapping[str, Kind]) -> list[str]:
    """The columns that can be learned from, in their order."""
    return [name for name, kind in kinds.items() if kind.what not in (NOTHING, LENGTHS)]
