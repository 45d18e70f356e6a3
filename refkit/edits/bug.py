"""A known bug: an entry of the catalogue that runs."""

import dataclasses

from refkit.edits.edit import Edit


@dataclasses.dataclass(frozen=True)
class Bug:
    """One entry of the catalogue.

    Args:
        id: the catalogue's id, such as `missing-activation`.
        group: the catalogue's section: `shapes`, `loss`, `architecture` and so on.
        rung: the rung that must catch it first, unless an edit names another.
        what: what it is; one or two sentences.
        shows: how it shows.
        harm: why it is bad.
        mend: how to mend it; one sentence in the imperative.
        edits: the ways it shows in each reference.
        alike: ids of entries that no number tells apart from this one in some programs.
        intent: whether only the author's intent makes it a bug; without a sign of that it is a choice.
        of_learning: whether only what it does to learning decides it, so that `--quick` leaves it out.
        words: regular expressions for what a line calls where it is this one rather than one of those alike.
        blames: the line to name: `departure`, the first wrong value's; `words`, the line with one of `words` on the way to it;
            `closure`, the line on that way that reads what its function was not given; `choice`, the line that chose the
            wrong one of several right values; `operand`, the line that made the value which the departing step should not
            have had; `start`, the line that gave the departing step zeros for a state; `zeros`, the
            line that returned them; `return`, the line on which a function returned the wrong one of its values.
    """

    id: str
    group: str
    rung: str
    what: str
    shows: str
    harm: str
    mend: str
    edits: tuple[Edit, ...]
    alike: tuple[str, ...] = ()
    intent: bool = False
    of_learning: bool = False
    words: tuple[str, ...] = ()
    blames: str = "departure"

    def rung_of(self, edit: Edit) -> str:
        """The rung that must catch that edit first."""
        return edit.rung or self.rung
