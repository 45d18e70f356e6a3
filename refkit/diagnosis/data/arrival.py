"""Which examples a run of batches holds, each known by what it is."""

import dataclasses
from typing import Any

import numpy as np

from refkit.diagnosis.data.situation import NotTaken, widths
from refkit.probes.tagged_examples import Tagged
from refkit.probes.tagged_identity import identify


@dataclasses.dataclass
class Seen:
    """The examples of a run of batches.

    Args:
        sizes: of each batch.
        rows: number of each example that arrived, -1 for one that is none of those handed over.
        labels: what arrived beside each.
        words: for each example the number of the one whose words it has; None where there are none.
        views: how the pictures of each batch lie.
        ids: word ids as they arrived.
    """

    sizes: list[int]
    rows: np.ndarray
    labels: np.ndarray | None
    words: np.ndarray | None
    views: list[str]
    ids: np.ndarray | None
    inputs: np.ndarray


def seen_in(batches: list[list], data: Tagged) -> Seen:
    """Which examples the batches hold.

    Raises:
        NotTaken: what they hold is none of the inputs.
    """
    picked = [assign(batch, data) for batch in batches]
    picked = [pick for pick in picked if pick is not None]
    if not picked:
        raise NotTaken("its batches hold none of the inputs that it was given")
    sizes = [len(pick["inputs"]) for pick in picked]
    inputs = np.concatenate([pick["inputs"].reshape(len(pick["inputs"]), -1) for pick in picked])
    main = data.inputs[0]
    image = data.kinds[0] == "image"
    views, rows = [], []
    found = (
        identify(main, inputs.reshape(len(inputs), *main.shape[1:]), images=image)
        if inputs.shape[1] == widths(main)
        else None
    )
    if found is not None:
        rows, views = found.rows, [found.view]
    else:
        for pick in picked:
            one = nearest_of(main, pick["inputs"], image)
            rows.append(one[0])
            views += one[1]
        rows = np.concatenate(rows)
    labels = None
    if all(pick["labels"] is not None for pick in picked):
        labels = np.concatenate([np.asarray(pick["labels"]) for pick in picked])
    words = ids = None
    if "tokens" in data.kinds and data.kinds[0] != "tokens" and all(pick["words"] is not None for pick in picked):
        ids = np.concatenate([pick["words"] for pick in picked])
        words = rows_of(data.inputs[data.kinds.index("tokens")], ids)
    elif data.kinds[0] == "tokens":
        ids = inputs
    return Seen(sizes, np.asarray(rows), labels, words, views, ids, inputs)


def nearest_of(main: np.ndarray, batch: np.ndarray, image: bool) -> tuple[np.ndarray, list[str]]:
    """The examples of one batch, each by itself where the batch has not one scale or lies in several ways."""
    rows, views = np.full(len(batch), -1), []
    for k, one in enumerate(batch):
        found = identify(main, one[None].reshape(1, *main.shape[1:]), images=image) if image else None
        if found is not None:
            rows[k] = found.rows[0]
            views.append(found.view)
    if not image:
        found = identify(main, batch.reshape(len(batch), *main.shape[1:]))
        if found is not None:
            rows = found.rows
    return rows, views


def rows_of(raw: np.ndarray, out: np.ndarray) -> np.ndarray:
    """For each row of ids the one among the raw ones that it is, at a shift of one at most."""
    if out.ndim != raw.ndim or out.shape[1] < raw.shape[1]:
        return np.full(len(out), -1)
    out = out[:, : raw.shape[1]]
    for shift in (0, 1, -1):
        same = (out[:, None] == raw[None] + shift).all(axis=-1)
        if same.any(axis=1).all():
            return same.argmax(axis=1)
    same = (out[:, None] == raw[None]).mean(axis=-1)
    return np.where(same.max(axis=1) > 0.35, same.argmax(axis=1), -1)


def assign(batch: list, data: Tagged) -> dict[str, Any] | None:
    """Which array of a batch is the input, which the words, which the label."""
    arrays = [array for _, array in batch if array.ndim]
    main = next((a for a in arrays if a.ndim and widths(a) == widths(data.inputs[0]) and a.ndim > 1), None)
    if main is None:
        return None
    rest = [a for a in arrays if a is not main and len(a) == len(main)]
    words = None
    if "tokens" in data.kinds and data.kinds[0] != "tokens":
        raw = data.inputs[data.kinds.index("tokens")]
        words = next(
            (a for a in rest if a.ndim == 2 and a.shape[1] >= raw.shape[1] and np.issubdtype(a.dtype, np.integer)), None
        )
        rest = [a for a in rest if a is not words]
    return {"inputs": main, "words": words, "labels": rest[0] if rest else None}


def part_of(seen: Seen, start: int, end: int) -> Seen:
    ends = np.cumsum(seen.sizes)
    sizes = [size for size, last in zip(seen.sizes, ends) if start < last <= end] or [end - start]
    cut = lambda array: None if array is None else array[start:end]
    return Seen(
        sizes,
        seen.rows[start:end],
        cut(seen.labels),
        cut(seen.words),
        seen.views,
        cut(seen.ids),
        seen.inputs[start:end],
    )


def as_ids(labels: np.ndarray, like: np.ndarray) -> np.ndarray | None:
    """Labels as the raw ones are: ids for one-hot vectors."""
    labels = np.asarray(labels)
    if like.dtype.kind != "i":
        return labels if labels.reshape(len(labels), -1).shape[1] == like.reshape(len(like), -1).shape[1] else None
    if labels.ndim == 2 and labels.shape[1] > 1:
        return labels.argmax(axis=1) if (labels.sum(axis=1) > 0).all() else None
    flat = labels.reshape(len(labels), -1)
    return flat[:, 0].astype(np.int64) if flat.shape[1] == 1 else None
