"""A prepared set seen in another way, under a name of its own."""

import dataclasses
from collections.abc import Callable

import numpy as np

Arrays = dict[str, dict[str, np.ndarray]]


@dataclasses.dataclass(frozen=True)
class View:
    """What `load_arrays(name)` makes of another set's arrays; nothing of it is written.

    Args:
        name: `mnist_rows`.
        of: the set that is seen, `mnist`.
        see: from all of its splits to the view's.
    """

    name: str
    of: str
    see: Callable[[Arrays], Arrays]
    inputs: tuple[str, ...]
    target: str
