"""One piece of advice."""

import dataclasses

from refkit.improvement.move import Move


@dataclasses.dataclass(frozen=True)
class Item:
    """What can be done about a term.

    Args:
        name: two or three words.
        what: one sentence: what to do, and why it helps.
        where: what to change where no configuration has it.
        moves: changes of a configuration, each of which can be tried by itself.
    """

    name: str
    what: str
    where: str = ""
    moves: tuple[Move, ...] = ()
