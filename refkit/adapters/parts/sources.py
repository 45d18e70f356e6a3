"""The raw data sets that a program reads while a part of it runs."""

import contextlib
import functools
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

LOADERS = ("load_digits", "load_breast_cancer", "load_iris", "load_wine", "load_diabetes")


@contextlib.contextmanager
def recorded(modules: list[Any], mentioned: bool = True) -> Iterator[list[tuple[np.ndarray, np.ndarray]]]:
    """While scikit-learn's data sets are listened to: each one read is put into the list as inputs and labels.

    Args:
        modules: those whose names may hold the functions that read them.
        mentioned: whether the program knows scikit-learn at all.
    """
    read: list[tuple[np.ndarray, np.ndarray]] = []
    if not mentioned:
        yield read
        return
    try:
        import sklearn.datasets as datasets
    except ImportError:
        yield read
        return
    originals = {name: getattr(datasets, name) for name in LOADERS}
    listening = {name: listener(original, read) for name, original in originals.items()}
    changed: list[tuple[dict, str, Any]] = []
    places = [vars(datasets), *(vars(module) for module in modules)]
    for place in places:
        for name, value in list(place.items()):
            for loader, original in originals.items():
                if value is original:
                    changed.append((place, name, value))
                    place[name] = listening[loader]
    try:
        yield read
    finally:
        for place in places:
            for name, value in list(place.items()):
                for loader, heard in listening.items():
                    if value is heard:
                        place[name] = originals[loader]


def listener(original: Any, read: list) -> Any:
    @functools.wraps(original)
    def load(*positional: Any, **named: Any) -> Any:
        data, target = original(**{name: value for name, value in named.items() if name == "scaled"}, return_X_y=True)
        read.append((np.asarray(data), np.asarray(target)))
        return original(*positional, **named)

    return load


def modules_of(loaded: Any) -> list[Any]:
    """The modules of a user's files."""
    return [
        loaded.module,
        *(module for module in sys.modules.values() if getattr(module, "__file__", None) in loaded.files),
    ]
