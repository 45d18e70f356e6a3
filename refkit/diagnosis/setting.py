"""A reference with some options chosen and some bugs put in."""

import dataclasses

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit


@dataclasses.dataclass(frozen=True)
class Planted:
    """A known bug in one of its forms."""

    id: str
    form: int
    edit: Edit = dataclasses.field(compare=False, repr=False)

    @staticmethod
    def of(bug: Bug, edit: Edit) -> "Planted":
        return Planted(bug.id, bug.edits.index(edit), edit)


@dataclasses.dataclass(frozen=True)
class Setting:
    """Options by name, and bugs in the order in which they were found."""

    options: tuple[tuple[str, str], ...] = ()
    bugs: tuple[Planted, ...] = ()

    def with_option(self, option: str, value: str) -> "Setting":
        kept = tuple(pair for pair in self.options if pair[0] != option)
        return dataclasses.replace(self, options=(*kept, (option, value)))

    def without_option(self, option: str) -> "Setting":
        return dataclasses.replace(self, options=tuple(pair for pair in self.options if pair[0] != option))

    def with_bug(self, bug: Planted) -> "Setting":
        return dataclasses.replace(self, bugs=(*self.bugs, bug))

    def value(self, option: str) -> str | None:
        return dict(self.options).get(option)
