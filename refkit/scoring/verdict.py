"""What is thought of a function that scores, and the ways of calling it that were tried."""

import dataclasses
from collections.abc import Callable

from refkit.adapters.labels import LabelForm
from refkit.adapters.parts.scorer import Scorer
from refkit.scoring.reading import Leaf


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What is thought of one function.

    Args:
        kind: `right`, `bug`, `unexplained` or `unusable`.
        id: of the bug.
        where: the bug's manner, in a few words.
        form: what kind of number it gives.
        said: what it says of the sets, and
        wanted: what it should.
        error: what it raised, where that is the finding or why it is not usable.
        rivals: other bugs by their distance.
    """

    scorer: Scorer
    kind: str
    id: str = ""
    where: str = ""
    form: str = ""
    said: tuple[float, ...] = ()
    wanted: tuple[float, ...] = ()
    sets: tuple[tuple[int, int], ...] = ()
    error: BaseException | None = None
    rivals: tuple[tuple[str, float], ...] = ()


@dataclasses.dataclass
class Trial:
    """One way of calling it that gave numbers for every set."""

    way: Callable
    form: LabelForm
    leaves: list[Leaf]
