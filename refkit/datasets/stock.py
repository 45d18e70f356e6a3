"""TFDS's own sets: read where they are prepared, and where they are not, what to put where."""

import os
from pathlib import Path

import tensorflow_datasets as tfds

from refkit.datasets.offline import FORMAT
from refkit.errors import RefkitError


def find_stock_builder(name: str, folder: str) -> tfds.core.DatasetBuilder | None:
    """The builder of a set that is prepared in TFDS's folder; it never asks the network. None if TFDS has no such set.

    Raises:
        RefkitError: TFDS has the set, but it is not prepared.
    """
    try:
        return tfds.core.read_only_builder.builder_from_files(name, data_dir=folder, file_format=FORMAT)
    except tfds.core.registered.DatasetNotFoundError:
        pass
    try:
        known = tfds.builder_cls(name.partition("/")[0])
    except tfds.core.registered.DatasetNotFoundError:
        return None
    raise RefkitError(f"data set `{name}` is not prepared in `{folder}`: {what_to_put(name, known, folder)}")


def what_to_put(name: str, known: type[tfds.core.DatasetBuilder], folder: str) -> str:
    """Which files are put where, and the command that reads them then."""
    manual = Path(folder, "downloads", "manual", known.name)
    command = f"tfds build {name} --file_format={FORMAT} --data_dir={folder} --manual_dir={manual}"
    prepared = "put its folder there as it was prepared elsewhere"
    files = {url: info.filename for url, info in known.url_infos.items() if info.filename}
    if not files:
        return f"{prepared}, or run `{command}` once, with tensorflow and a network"
    first, *others = (f"`{file}`" for file in sorted(files.values()))
    names = ", ".join([first, *others] if len(files) < 9 else [first, "…", others[-1]])
    source = os.path.commonprefix(list(files)).rpartition("/")[0]
    return f"{prepared}, or put {names} (from {source}) into `{manual}` and run `{command}` once, with tensorflow"
