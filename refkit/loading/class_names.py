"""What stands for a file's classes where only data that are not downloaded would tell them."""

import re
from typing import Any

NAMES = re.compile(r"(class|label|category|target)_?names|(classes|labels|categories)(_?(list|names))?", re.I)
NUMBERS = re.compile(r"(n|num|number_of|no_of)_?(classes|labels|categories|outputs)", re.I)


def classes_called(name: str, outputs: int | None) -> Any | None:
    """A value for `class_names` or `num_classes`: as many as the reference has; None for any other name.

    >>> classes_called("num_classes", 10), len(classes_called("class_names", 3)), classes_called("images", 3)
    (10, 3, None)
    """
    if outputs is None:
        return None
    if NUMBERS.fullmatch(name):
        return outputs
    return [str(number) for number in range(outputs)] if NAMES.fullmatch(name) else None
