"""A TFDS set that is prepared, or one of refkit's own."""

import os

import numpy as np
import tensorflow_datasets as tfds

from refkit.datasets.arrays import OFFLINE, VIEWS, find_builder
from refkit.datasets.offline import OfflineBuilder
from refkit.errors import RefkitError
from refkit.starting.source import Columns, Source, tuple_text

LOOKED_AT = 10_000  # examples of each part
ROWS = [name for name, builder in OFFLINE.items() if builder.arrange is OfflineBuilder.arrange]  # an example each
DECODED = "row[name].decode() if isinstance(row[name], bytes) else row[name]"
READ = (
    'sources = tfds.builder(path, file_format="array_record").as_data_source([PARTS])',
    "rows = [row for source in sources for row in source.__getitems__(range(len(source)))]",
    "columns = {name: np.array([ROW for row in rows]) for name in NAMES}",
)


def find(name: str) -> Source:
    """The columns of a set's training and test examples, up to 10,000 of each.

    Raises:
        RefkitError: no such set, or it is not prepared: what to put where.
    """
    folder = os.path.expanduser(os.environ.get("TFDS_DATA_DIR") or tfds.core.constants.DATA_DIR)
    require_rows(name)
    builder = find_builder(name, folder, ROWS)
    there = list(builder.info.splits)
    splits = [part for part in ("train", "test", "validation") if part in there][:2] if len(there) > 1 else there
    if len(there) > 1 and "train" not in splits:
        raise RefkitError(f"`{name}` has no split `train`, but {', '.join(f'`{part}`' for part in there)}")
    features = builder.info.features
    flat = {column: feature for column, feature in sorted(features.items()) if not hasattr(feature, "items")}
    found = {part: look(builder, part, flat) for part in splits}
    kept = [
        column
        for column in flat
        if all(found[part][column].dtype != object or is_text(flat[column]) for part in splits)
    ]
    skipped = {column: "its columns lie one in another" for column in sorted(features) if column not in flat}
    skipped |= {column: "its examples differ in shape" for column in flat if column not in kept}
    if isinstance(builder, OfflineBuilder):
        used = (*builder.inputs, builder.target)
        skipped |= {
            column: "it is neither an input of this set nor its target" for column in kept if column not in used
        }
        kept = [column for column in kept if column in used]
    parts = {part: {column: found[part][column] for column in kept} for part in splits}
    named = ("train", "test") if len(splits) > 1 else ("all",)
    keys = builder.info.supervised_keys or (None, getattr(builder, "target", None))
    row = DECODED if any(is_text(flat[column]) for column in kept) else "row[name]"
    read = tuple(
        line.replace("PARTS", ", ".join(f'"{part}"' for part in splits))
        .replace("NAMES", tuple_text(kept))
        .replace("ROW", row)
        for line in READ
    )
    return Source(
        name,
        f"a TFDS set of {len(features)} columns",
        dict(zip(named, parts.values())),
        {part: builder.info.splits[split].num_examples for part, split in zip(named, splits)},
        read,
        "len(sources[0])" if len(splits) > 1 else "",
        ("import tensorflow_datasets as tfds",),
        keys[1] if keys[1] in kept else ("label" if "label" in kept else None),
        skipped,
    )


def require_rows(name: str) -> None:
    """Raises:
    RefkitError: it is one of refkit's sets whose rows on the disk are not its examples.
    """
    if name in VIEWS:
        raise RefkitError(
            f"`{name}` is what refkit makes of `{VIEWS[name].of}` when it trains, and lies nowhere to be read: save one input "
            "and one target for each example as an .npz"
        )
    if name in OFFLINE and name not in ROWS:
        raise RefkitError(
            f"`{name}` has several questions on each picture: give `shapes_and_questions`, or save an .npz with one row a "
            "question"
        )


def look(builder: tfds.core.DatasetBuilder, part: str, features: dict) -> Columns:
    """Examples taken evenly from a part; texts as words."""
    source = builder.as_data_source(part)
    places = np.linspace(0, len(source) - 1, min(len(source), LOOKED_AT)).astype(int).tolist()
    rows = source.__getitems__(places)
    columns = {}
    for name in features:
        values = [row[name].decode() if isinstance(row[name], bytes) else row[name] for row in rows]
        columns[name] = np.empty(len(values), object)
        if isinstance(values[0], str):
            columns[name][:] = values
        elif len({np.shape(value) for value in values}) == 1:
            columns[name] = np.array(values)
    return columns


def is_text(feature) -> bool:
    return isinstance(feature, tfds.features.Text)
