"""A TFDS set as arrays: all of its examples at once, and kept."""

import contextlib
import functools
import logging
import os
import sys
from collections.abc import Iterable, Iterator

import numpy as np
import tensorflow_datasets as tfds

from refkit import datasets
from refkit.datasets.offline import FORMAT, OfflineBuilder
from refkit.datasets.stock import find_stock_builder
from refkit.datasets.view import Arrays
from refkit.errors import RefkitError

OFFLINE = {builder.name: builder for builder in datasets.DATASETS}
VIEWS = {view.name: view for view in datasets.VIEWS}


def load_arrays(name: str, data_dir: str | os.PathLike | None = None) -> Arrays:
    """Every split of a data set, as arrays by the names of its columns.

    An offline set is prepared the first time, and so is one whose files lie in TFDS's manual folder; a stock set, or
    the one that a view is of, has to be prepared already. None needs a network.

    Args:
        name: `digits`, `adding_problem/steps50`, the view `mnist_rows`, or a stock name such as `mnist`.
        data_dir: where TFDS keeps its sets; TFDS's own folder (TFDS_DATA_DIR) if None.

    Returns:
        `{"train": {"image": u8[1438, 28, 28, 1], "label": i64[1438]}, "test": …}`; not to be written to.

    Raises:
        RefkitError: the set is neither prepared nor offline: what to put where.
    """
    folder = os.fspath(data_dir or os.environ.get("TFDS_DATA_DIR") or tfds.core.constants.DATA_DIR)
    return _load_arrays(name, os.path.expanduser(folder))


@functools.lru_cache(maxsize=8)
def _load_arrays(name: str, folder: str) -> Arrays:
    if name in VIEWS:
        splits = VIEWS[name].see(_load_arrays(VIEWS[name].of, folder))
    else:
        builder = find_builder(name, folder)
        splits = {split: read_split(builder, split) for split in builder.info.splits}
    for columns in splits.values():
        for array in columns.values():
            array.flags.writeable = False
    return splits


def find_builder(name: str, folder: str, known: Iterable[str] = (*OFFLINE, *VIEWS)) -> tfds.core.DatasetBuilder:
    """The builder of a set that is prepared, now if not before.

    Args:
        known: refkit's sets that are named where there is no such set.
    """
    if name.partition("/")[0] in OFFLINE:
        builder = make_builder(name, folder)
        if not is_prepared(builder):
            builder.check_sources()
            try:
                prepare(builder)
            except OSError as error:
                builder = make_builder(name, folder)
                if not is_prepared(builder):  # else another process was faster
                    raise RefkitError(
                        f"data set `{name}` cannot be written to `{folder}` ({error}): give another folder in "
                        "TFDS_DATA_DIR"
                    ) from None
        return builder
    builder = find_stock_builder(name, folder)
    if builder is None:
        listed = ", ".join(f"`{one}`" for one in known)
        raise RefkitError(f"data set `{name}` is neither one of refkit's ({listed}) nor one of TFDS's")
    return builder


def make_builder(name: str, folder: str) -> OfflineBuilder:
    """The builder of one of refkit's sets, prepared or not."""
    stem, _, config = name.partition("/")
    try:
        return OFFLINE[stem](data_dir=folder, file_format=FORMAT, config=config or None)
    except ValueError:
        configs = ", ".join(f"`{stem}/{known}`" for known in OFFLINE[stem].builder_configs) or f"`{stem}`"
        raise RefkitError(f"data set `{name}` does not exist: give {configs}") from None


def is_prepared(builder: OfflineBuilder) -> bool:
    """As TFDS's own, without its warning."""
    return (builder.data_path / tfds.core.constants.DATASET_INFO_FILENAME).exists()


def prepare(builder: OfflineBuilder) -> None:
    """Compute an offline set and write it, with its arrays beside it; what TFDS says meanwhile goes to stderr."""
    with contextlib.redirect_stdout(sys.stderr):
        builder.download_and_prepare(
            download_config=tfds.download.DownloadConfig(try_download_gcs=False), file_format=FORMAT
        )
    for split in builder.info.splits:
        keep(builder, split)


def keep(builder: OfflineBuilder, split: str) -> None:
    """Write the arrays of a split beside its records, whole or not at all."""
    path = kept(builder, split)
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with open(partial, "wb") as file:
            np.savez(file, **read_records(builder, split))
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def read_split(builder: tfds.core.DatasetBuilder, split: str) -> dict[str, np.ndarray]:
    """One split: the arrays kept when it was prepared here, else its records."""
    if kept(builder, split).exists():
        with np.load(kept(builder, split)) as arrays:
            columns = dict(arrays)
    else:
        columns = read_records(builder, split)
    return builder.arrange(columns) if isinstance(builder, OfflineBuilder) else columns


def read_records(builder: tfds.core.DatasetBuilder, split: str) -> dict[str, np.ndarray]:
    """One split, in the order of its records."""
    source = builder.as_data_source(split)
    with only_errors():
        rows = source.__getitems__(range(len(source)))
    types = {column: feature.np_dtype for column, feature in builder.info.features.items()}
    return {column: np.array([row[column] for row in rows], dtype) for column, dtype in types.items()}


@contextlib.contextmanager
def only_errors() -> Iterator[None]:
    """TFDS logs nothing below an error: with pictures it would recommend another decoder."""
    logger = logging.getLogger("absl")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def kept(builder: tfds.core.DatasetBuilder, split: str):
    """Where the arrays of an offline set are kept."""
    return builder.data_path / f"{split}.arrays.npz"
