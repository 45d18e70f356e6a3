"""A choice: a legitimate option of a reference."""

import dataclasses
from collections.abc import Callable, Mapping

from refkit.edits.edit import Edit


@dataclasses.dataclass(frozen=True)
class Choice:
    """One option of one reference, as in `lenet:pool=max`.

    Args:
        option: the option's name.
        reference: `mlp`, `lenet`, `lstm`, `multimodal`.
        values: what it can be, for `--list`; the first is the default. `<int>`-like words stand for open ranges.
        edit: the edit for a value, or None for the default.
        what: one sentence for `--list` and the report.
        doubtful: `doubtful(value, others)` says whether a program with those other options is likelier to have a bug than that
            value; it is a choice only where it is asked for.
        denied: `denied(value, source)` says whether the text of the user's file says otherwise.
        found_by: `structure` (read off the parameters' shapes) or `values` (tried where the forward pass departs).
    """

    option: str
    reference: str
    values: tuple[str, ...]
    edit: Callable[[str], Edit | None]
    what: str
    found_by: str = "values"
    doubtful: Callable[[str, Mapping[str, str]], bool] = lambda value, others: False
    denied: Callable[[str, str], bool] = lambda value, source: False
