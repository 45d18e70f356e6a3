"""An edit: the smallest change of a reference's source that makes it another program."""

import dataclasses


class EditError(ValueError):
    """The old text of an edit does not occur exactly once."""


@dataclasses.dataclass(frozen=True)
class Replace:
    """Replace `old`, which must occur exactly once, by `new`."""

    old: str
    new: str

    def apply(self, source: str) -> str:
        require_once(source, self.old)
        return source.replace(self.old, self.new)


@dataclasses.dataclass(frozen=True)
class Insert:
    """Put `new`, whole lines, after (or before) the whole line that contains `anchor`, which must occur exactly once."""

    anchor: str
    new: str
    before: bool = False

    def apply(self, source: str) -> str:
        require_once(source, self.anchor)
        lines = source.splitlines(keepends=True)
        (at,) = [k for k, line in enumerate(lines) if self.anchor in line]
        at = at if self.before else at + 1
        return "".join([*lines[:at], self.new.rstrip("\n") + "\n", *lines[at:]])


@dataclasses.dataclass(frozen=True)
class Edit:
    """One way in which a choice or a bug shows in one reference.

    Args:
        reference: `mlp`, `lenet`, `lstm`, `multimodal`.
        changes: what to do to the source, in order.
        options: options of the reference that must be set for the edit to apply, as `{"dropout": "0.5"}`.
        visible: text of the first line of the *edited* source whose value departs from the unedited one; occurs once there.
        where: a few words for the report, such as `after conv1`.
    """

    reference: str
    changes: tuple[Replace | Insert, ...]
    options: dict[str, str] = dataclasses.field(default_factory=dict)
    visible: str = ""
    where: str = ""

    def apply(self, source: str) -> str:
        for change in self.changes:
            source = change.apply(source)
        return source


def require_once(source: str, text: str) -> None:
    count = source.count(text)
    if count != 1:
        raise EditError(f"`{text.strip()}` occurs {count} times, wanted once")
