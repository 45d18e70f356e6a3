"""TFDS for a TARGET that loads a picture set whole: handwritten digits that are at hand, in the set's own form.

Nothing is downloaded, and nothing but the examples themselves is stood for: what a program makes of them is its own.
"""

import functools
import importlib
import types
from typing import Any

import numpy as np

from refkit.loading.stubs import Stub

PICTURES = {  # height, width and channels of the pictures, for sets whose examples are a picture and a class of ten
    "mnist": (28, 28, 1),
    "fashion_mnist": (28, 28, 1),
    "kmnist": (28, 28, 1),
    "cifar10": (32, 32, 3),
}
TRAIN = 1437


class NotAtHand(OSError):
    """A set, or a way of reading one, that would have to be downloaded."""


class TfdsStandIn(types.ModuleType):
    """`tensorflow_datasets` with `load`, `builder` and `as_numpy` of its own; the rest as installed, if it is."""

    def __init__(self):
        super().__init__("tensorflow_datasets")
        self.load, self.builder, self.as_numpy = load, Builder, lambda dataset: dataset

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return getattr(importlib.import_module("tensorflow_datasets"), name)
        except ModuleNotFoundError:
            return Stub(f"tensorflow_datasets.{name}")


class Builder:
    """What `tfds.builder(name)` gives.

    Args:
        name: of the set, its version left out.
    """

    def __init__(self, name: str, *args: Any, **kwargs: Any):
        self.name = name

    def download_and_prepare(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: it is here."""

    def as_dataset(
        self, split: Any = None, batch_size: int | None = None, as_supervised: bool = False, **kwargs: Any
    ) -> Any:
        """The examples of a split, all at once."""
        return load(self.name, split, batch_size=batch_size, as_supervised=as_supervised)


def load(
    name: str,
    split: Any = None,
    *,
    batch_size: int | None = None,
    as_supervised: bool = False,
    with_info: bool = False,
    **kwargs: Any,
) -> Any:
    """`tfds.load(name, split, batch_size=-1)`: `{"image": u8[n, 28, 28, 1], "label": i64[n]}`, or both as a pair.

    Raises:
        NotAtHand: another set, or one that is to come in batches.
    """
    shape = PICTURES.get(name.split("/")[0].split(":")[0])
    if shape is None or batch_size != -1 or with_info:
        raise NotAtHand(f"`{name}` would have to be downloaded, which refkit does not do")
    if split is None:
        return {part: load(name, part, batch_size=-1, as_supervised=as_supervised) for part in ("train", "test")}
    if isinstance(split, (list, tuple)):
        return [load(name, part, batch_size=-1, as_supervised=as_supervised) for part in split]
    if split not in ("train", "test"):
        raise NotAtHand(f"the split `{split}` of `{name}` is not at hand")
    images, labels = pictures(shape)
    rows = slice(None, TRAIN) if split == "train" else slice(TRAIN, None)
    example = {"image": images[rows].copy(), "label": labels[rows].copy()}
    return tuple(example.values()) if as_supervised else example


@functools.lru_cache(maxsize=2)
def pictures(shape: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Digits of scikit-learn as bytes, each pixel tripled and set in the middle: `u8[1797, *shape]`, `i64[1797]`."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    large = np.rint(digits.images * (255 / 16)).repeat(3, axis=1).repeat(3, axis=2).astype(np.uint8)
    above, left = (shape[0] - 24) // 2, (shape[1] - 24) // 2
    images = np.zeros((len(large), *shape), np.uint8)
    images[:, above : above + 24, left : left + 24] = large[..., None]
    return images, digits.target.astype(np.int64)
