"""What an adapter of a part of the user's file may look at."""

import dataclasses
from collections.abc import Callable
from typing import Any

from refkit.adapters.evidence import Evidence
from refkit.adapters.search import Call
from refkit.implementation import Part, no_part


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """A file, and the model found in it.

    Args:
        loaded: the file: `module`, `file`, `tree`, `source`, `roles`.
        call: how its model is built and called.
        evidence: what its text says.
        find: the file's object of a role, as `preprocess`: its `name`, `object` and `line`; None where it has none.
        label_dtype: of the labels that its loss takes; empty where it is not known.
        part: the file's other parts by their role.
    """

    loaded: Any
    call: Call
    evidence: Evidence
    find: Callable[[str], Any]
    label_dtype: str = ""
    part: Callable[[str], Part] = no_part
