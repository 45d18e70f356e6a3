"""An edit: the smallest change of a reference's source that makes it another program."""

import dataclasses
import re
import textwrap
from collections.abc import Callable
from typing import Protocol


class EditError(ValueError):
    """The old text of an edit does not occur exactly once: the edit does not apply to this source."""


class Change(Protocol):
    """Anything that turns a source into another or raises `EditError`."""

    def apply(self, source: str) -> str: ...


@dataclasses.dataclass(frozen=True)
class Replace:
    """Replace `old`, which must occur exactly once, by `new`; its further lines take the indentation of `old`'s."""

    old: str
    new: str

    def apply(self, source: str) -> str:
        require_once(source, self.old)
        margin = indentation(source, self.old)
        return source.replace(self.old, self.new.replace("\n", "\n" + margin))


@dataclasses.dataclass(frozen=True)
class Insert:
    """Put the lines of `new` after (or before) the line that contains `anchor`, which must occur exactly once.

    The new lines take that line's indentation.
    """

    anchor: str
    new: str
    before: bool = False

    def apply(self, source: str) -> str:
        require_once(source, self.anchor)
        start, end = line_around(source, self.anchor)
        at = start if self.before else end
        return (
            source[:at] + textwrap.indent(self.new.rstrip("\n") + "\n", indentation(source, self.anchor)) + source[at:]
        )


@dataclasses.dataclass(frozen=True)
class Remove:
    """Leave out the whole line that contains `anchor`, which must occur exactly once."""

    anchor: str

    def apply(self, source: str) -> str:
        require_once(source, self.anchor)
        start, end = line_around(source, self.anchor)
        return source[:start] + source[end:]


@dataclasses.dataclass(frozen=True)
class Rewrite:
    """Replace what a regular expression matches: exactly once, or with `each` at every one of at least one place.

    `new` is as `re.sub` takes it: a text with groups, or a function of the match.
    """

    pattern: str
    new: str | Callable[[re.Match], str]
    each: bool = False

    def apply(self, source: str) -> str:
        edited, count = re.subn(self.pattern, self.new, source, flags=re.MULTILINE)
        if count == 0 or (count > 1 and not self.each):
            raise EditError(f"`{self.pattern}` matches {count} times, wanted {'some' if self.each else 'once'}")
        return edited


@dataclasses.dataclass(frozen=True)
class SetField:
    """Give a field of the reference's `Config` another default."""

    field: str
    value: str

    def apply(self, source: str) -> str:
        return Rewrite(rf"^(    {self.field}: [^=\n]+) = .*$", lambda found: f"{found[1]} = {self.value}").apply(source)


@dataclasses.dataclass(frozen=True)
class AddField:
    """Give the reference's `Config` one more field."""

    field: str
    kind: str
    value: str

    def apply(self, source: str) -> str:
        line = f"{self.field}: {self.kind} = {self.value}"
        return Insert("    learning_rate: float", line, before=True).apply(source)


@dataclasses.dataclass(frozen=True)
class SeveralUnits:
    """Change nothing, and apply only where the layer gives more than one number: its field of `Config` is not 1."""

    field: str

    def apply(self, source: str) -> str:
        name = {"logits": "classes"}.get(self.field, self.field)
        if re.search(rf"^    {name}: [^=\n]+ = 1$", source, flags=re.MULTILINE):
            raise EditError(f"`{name}` is 1")
        return source


@dataclasses.dataclass(frozen=True)
class Edit:
    """One way in which a choice or a bug shows in one reference.

    Args:
        reference: `mlp`, `lenet`, `lstm`, `multimodal`.
        changes: what to do to the source, in order.
        options: options under which the edit is sure to apply, as `{"dropout": "0.5"}`. Under others it applies
            wherever its old text occurs: a program with `dropout=0.2` has the same line.
        visible: text of the first line of the *edited* source whose value departs from the unedited one; occurs once
            there.
        where: a few words for the report, such as `after conv1`.
        rung: the rung that must catch it first, where it is not the one of its bug.
    """

    reference: str
    changes: tuple[Change, ...]
    options: dict[str, str] = dataclasses.field(default_factory=dict)
    visible: str = ""
    where: str = ""
    rung: str = ""

    def apply(self, source: str) -> str:
        for change in self.changes:
            source = change.apply(source)
        return source


def require_once(source: str, text: str) -> None:
    count = source.count(text)
    if count != 1:
        raise EditError(f"`{text.strip()}` occurs {count} times, wanted once")


def line_around(source: str, text: str) -> tuple[int, int]:
    """Start and end of the whole lines that contain `text`."""
    found = source.index(text)
    end = source.find("\n", found + len(text))
    return source.rfind("\n", 0, found) + 1, len(source) if end < 0 else end + 1


def indentation(source: str, text: str) -> str:
    start, end = line_around(source, text)
    return re.match(r"[ ]*", source[start:end])[0]
