"""How a file is named in a report: never by an absolute path of the machine."""

import os
from pathlib import Path

REFERENCES = Path(__file__).resolve().parent.parent / "references"


def relative_path(file: str) -> str:
    """The path from where the command was run; a reference that refkit ships goes by its bare name.

    Args:
        file: a path, absolute or not; a name after a colon (`my.py:Net`) stays.

    >>> relative_path("models/my_lenet.py:LeNet")
    'models/my_lenet.py:LeNet'
    >>> relative_path(str(REFERENCES / "lenet.py"))
    'lenet.py'
    """
    if not os.path.isabs(file):
        return os.path.normpath(file)
    if Path(file).parent == REFERENCES:
        return Path(file).name
    return os.path.relpath(file)


def file_and_line(file: str | None, line: int | None) -> str:
    """`my_lenet.py:32`, `my_lenet.py`, or nothing.

    >>> file_and_line("my_lenet.py", 32)
    'my_lenet.py:32'
    """
    if file is None:
        return ""
    return relative_path(file) if line is None else f"{relative_path(file)}:{line}"
