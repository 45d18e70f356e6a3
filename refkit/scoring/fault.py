"""What the syntax of a training loop shows."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Fault:
    """A known bug of the evaluation in a training loop.

    Args:
        id: of the bug.
        line: 1-based.
        what: one clause on what is wrong there.
    """

    id: str
    line: int
    what: str
