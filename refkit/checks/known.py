"""The finding that a known bug makes, whichever rung it is that sees it."""

from typing import Any

from refkit.edits.catalogue import find_bug
from refkit.report.finding import Candidate, Finding


def known_bug(
    rung: str,
    id: str,
    said: str = "",
    where: str = "",
    candidates: tuple[Candidate, ...] | None = None,
    help: str | None = None,
    **rest: Any,
) -> Finding:
    """A finding that looks like a bug of the catalogue.

    Args:
        id: of the bug.
        said: the evidence.
        where: what follows the name at once, such as `, in the first convolution`.
        candidates: the bug and its rivals, nearest first; itself alone where none are given.
        help: what to do; the catalogue's mend where it is not given.
        rest: place and values.
    """
    bug = find_bug(id)
    message = f"looks like `{id}`{where}" + (f": {said}" if said else "")
    if candidates is None:
        candidates = (Candidate(id, 0.0),)
    return Finding(rung, "bug", message, id=id, candidates=candidates, help=bug.mend if help is None else help, **rest)
