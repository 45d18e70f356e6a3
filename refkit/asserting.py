"""An assertion for people's own tests: this model is the reference, or differs from it only by choices."""

import ast
import contextlib
import dataclasses
import inspect
import linecache
import os
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

from refkit.comparison import compare, compare_loaded
from refkit.errors import RefkitError
from refkit.implementation import Implementation
from refkit.loading import load
from refkit.loading.discovery import Found, find_part
from refkit.loading.found import module_kind
from refkit.report.finding import Report
from refkit.report.place import relative_path
from refkit.report.terminal import to_text

HANDED = "hand over a model's class, an instance, an `(init, apply)` pair, a `refkit.Implementation` or a file's path"


def assert_matches(model: Any, reference: str, **options: Any) -> Report:
    """Raise unless `model` is the reference or differs from it only by choices.

    Args:
        model: a class or an instance of a Flax module, a pair `(init, apply)` of functions (or of parameters and a
            function), a `refkit.Implementation`, or a TARGET as `compare` takes it: `path/to/file.py:Name`.
        reference: as `compare` takes it: `lenet`, or with options `lenet:pool=max`.
        options: further options of `compare`: `until`, `only`, `quick`, `kwargs`, `names`, `data`, `seeds`, `results`.

    Returns:
        The report.

    Raises:
        AssertionError: with the whole report, where the verdict is not `same`.
        RefkitError: nothing could be compared.

    Example:
        def test_my_model():
            refkit.assert_matches(LeNet, "lenet:pool=max", until="forward")
    """
    if isinstance(model, (str, os.PathLike)):
        report = compare(os.fspath(model), reference, **options)
    else:
        found, owner = find(model)
        imported = Imported.of(owner, found)
        names = {"loss": loss_beside(imported)} | (options.pop("names", None) or {})
        report = compare_loaded(imported, lambda loaded: found, reference, names=names, **options)
    if report.verdict != "same":
        raise AssertionError("\n" + to_text(dataclasses.replace(report, lines=())).rstrip())
    return report


def find(model: Any) -> tuple[Found, Any]:
    """The model as a record, and the class or function whose file is the user's.

    Raises:
        RefkitError: it is none of what is understood.
    """
    if isinstance(model, Implementation):
        return Found(model.name or "implementation", "implementation", (model,), 0), model.apply
    if isinstance(model, (tuple, list)) and len(model) == 2 and callable(model[1]):
        init, apply = model
        name = f"{name_of(init)}/{name_of(apply)}"
        return Found(name, "functions", (init, apply), line_of(apply)), apply
    kind = module_kind(model)
    if kind not in ("nnx", "linen"):
        raise RefkitError(f"`{name_of(type(model))}` is no model that can be read: {HANDED}")
    cls = model if isinstance(model, type) else type(model)
    return Found(cls.__name__, kind, (model,), line_of(cls)), cls


def loss_beside(imported: "Imported") -> str:
    """The name of the loss in the model's file; empty where it has none."""
    try:
        part = find_part(load(imported.file), "loss")
    except RefkitError:
        return ""
    return part.name if part is not None and hasattr(imported.module, part.name) else ""


def name_of(thing: Any) -> str:
    return getattr(thing, "__name__", type(thing).__name__)


def line_of(thing: Any) -> int:
    """First line of a definition, 0 where it has none."""
    try:
        return inspect.getsourcelines(inspect.unwrap(thing))[1]
    except (OSError, TypeError):
        return 0


@dataclasses.dataclass(frozen=True)
class Imported:
    """A module that the user's own test has imported, seen as if it had been loaded."""

    module: types.ModuleType
    file: str
    shown: str
    source: str
    tree: ast.Module
    name: str | None = None
    roles: dict[str, str] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @staticmethod
    def of(owner: Callable, found: Found) -> "Imported":
        """The module that defines a class or function.

        Raises:
            RefkitError: its text cannot be read.
        """
        owner = inspect.unwrap(getattr(owner, "func", owner))
        try:
            file = os.path.abspath(inspect.getsourcefile(owner))
            source = "".join(linecache.getlines(file))
            tree = ast.parse(source)
        except (TypeError, SyntaxError):
            source = ""
        if not source:
            raise RefkitError(
                f"the text of `{found.name}` cannot be read: define it in a file, so that lines can be named"
            )
        module = sys.modules.get(owner.__module__) or types.SimpleNamespace(**getattr(owner, "__globals__", {}))
        return Imported(module, file, relative_path(file), source, tree)

    @property
    def files(self) -> tuple[str, ...]:
        return (self.file,)

    @contextlib.contextmanager
    def active(self, restore_generators: bool = False) -> Iterator[None]:
        """The test's own process is as the test wants it: nothing is kept apart."""
        yield
