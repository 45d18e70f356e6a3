"""What DATA holds, wherever it lies: columns with one row an example, and the text that reads them again."""

import dataclasses
import json
from collections.abc import Iterable

import numpy as np

Columns = dict[str, np.ndarray]
PATH = "from pathlib import Path"


@dataclasses.dataclass(frozen=True)
class Source:
    """Data as it was found.

    Args:
        name: as the user gave it.
        what: one clause: `an .npz of 4 arrays`.
        parts: the columns of `train` and `test` where the data has a split of its own, else of `all`. Rows may be a
            sample, and of one column more than of another.
        count: examples of every part.
        read: lines of the written file that make `columns`, of all parts one after the other, from `path`.
        first: expression of how many of the rows are to train on, where the data has a split of its own.
        needs: what those lines import, one line each.
        guessed: the column that is the target where the source itself says so, or None.
        skipped: columns and arrays that are no examples, with the reason.
        sides: the pictures' smallest and largest height and width where they differ, for the report.
    """

    name: str
    what: str
    parts: dict[str, Columns]
    count: dict[str, int]
    read: tuple[str, ...]
    first: str = ""
    needs: tuple[str, ...] = (PATH,)
    guessed: str | None = None
    skipped: dict[str, str] = dataclasses.field(default_factory=dict)
    sides: str = ""

    @property
    def split(self) -> bool:
        """Whether the data has training and test examples of its own."""
        return "test" in self.parts

    @property
    def train(self) -> Columns:
        """The columns from which sizes and scales are read: of the training examples, or of all."""
        return self.parts["train" if self.split else "all"]

    def values(self, name: str) -> np.ndarray:
        """A column, of all parts together."""
        return np.concatenate([part[name] for part in self.parts.values()])


def enough(source: Source, least: int = 10) -> str:
    """Why the examples are too few to start with; empty where they are not."""
    for part, count in source.count.items():
        if count < (least if part != "test" else 1):
            which = "" if part == "all" else f" for `{part}`"
            return f"`{source.name}` has {count} example{'s' if count != 1 else ''}{which}: give {least} at least"
    return ""


def quoted(name: str) -> str:
    """A name as the written file has it."""
    return json.dumps(name, ensure_ascii=False)


def tuple_text(names: Iterable[str]) -> str:
    """
    >>> tuple_text(["image"]), tuple_text(["image", "label"])
    ('("image",)', '("image", "label")')
    """
    names = list(names)
    return "(" + ", ".join(map(quoted, names)) + ("," if len(names) == 1 else "") + ")"
