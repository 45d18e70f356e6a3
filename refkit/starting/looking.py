"""From DATA to a source: what lies there."""

import re
from pathlib import Path

from refkit.errors import RefkitError
from refkit.starting.source import Source, enough

FILE = re.compile(r"\.[a-zA-Z]\w*$")
SETS = re.compile(r"^[a-z][a-z0-9_]*(/[\w.\-:]+)*$")


def look(data: str, largest: int | None = None) -> Source:
    """The .npz, the CSV, the folder of pictures, or the TFDS set of that name.

    Args:
        largest: side that a picture of a folder has at most.

    Raises:
        RefkitError: nothing is there, or nothing to start with.
    """
    path = Path(data)
    source = find(path, data, largest)
    too_few = enough(source)
    if too_few:
        raise RefkitError(too_few)
    return source


def find(path: Path, data: str, largest: int | None) -> Source:
    if path.is_dir():
        from refkit.starting import picture_folder

        return picture_folder.find(path, data.rstrip("/"), largest or picture_folder.LARGEST)
    suffix = path.suffix.lower()
    if suffix in (".npz", ".csv", ".tsv"):
        if not path.is_file():
            raise RefkitError(f"`{data}` is not there: give the path of an .npz, a CSV or a folder, or a TFDS name")
        from refkit.starting import csv_table, npz

        return npz.find(path, data) if suffix == ".npz" else csv_table.find(path, data)
    if path.exists() or not SETS.match(data) or FILE.search(data):
        here = "is no .npz, CSV or folder" if path.exists() else "is not there"
        raise RefkitError(f"`{data}` {here}: give an .npz, a CSV, a folder of pictures by class, or a TFDS name")
    from refkit.starting import tfds_set

    return tfds_set.find(data)
