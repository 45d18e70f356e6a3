"""`import` as a TARGET's code sees it: its neighbours by need, missing packages as stubs, the rest as installed."""

import ast
import importlib
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from refkit.loading.namespace import Namespace, UserModule
from refkit.loading.stand_ins import Overlay, replacement, stand_in
from refkit.loading.stubs import Stub

INSTALLED_FIRST = frozenset("jax jaxlib flax optax numpy scipy chex refkit".split())


class Importer:
    """Resolves the imports of one program's files.

    Args:
        program: gives `file`, `roots`, `added_roots()`, `module_at(path, name)` and `stubs`.
    """

    def __init__(self, program: Any):
        self._program = program
        self._packages: dict[str, Any] = {}

    def import_for(self, namespace: Namespace) -> Callable[..., Any]:
        """The `__import__` of one user file."""

        def __import__(name, globals=None, locals=None, fromlist=(), level=0):
            guarded = sys._getframe(1).f_lineno in namespace.guarded
            return self.load(namespace, name, tuple(fromlist or ()), level, guarded)

        return __import__

    def load(self, namespace: Namespace, name: str, fromlist: tuple[str, ...], level: int, guarded: bool) -> Any:
        """What an import statement of a user file gives: the module, or the package that its name starts with.

        Raises:
            ImportError: it is neither beside the file nor installed as asked for, and not merely a missing package.
        """
        parts = tuple(part for part in name.split(".") if part)
        if not level and self._package(parts[0]) is not None:
            package = self._package(parts[0])
            return _walk(package, parts[1:]) if fromlist else package
        place = self._place(namespace, parts, level)
        if place is not None:
            return self._from_folder(*place, parts, whole=bool(level or fromlist))
        return self.import_installed(name, parts, fromlist, guarded)

    def submodule(self, namespace: Namespace, name: str) -> UserModule | None:
        """A module inside a user's package, or None."""
        path = namespace.folder and _find(namespace.folder, (name,))
        return self._program.module_at(path, f"{namespace.module.__name__}.{name}") if path else None

    def user_module(self, namespace: Namespace, statement: ast.ImportFrom) -> UserModule | None:
        """The user's module that a `from … import` statement names, or None where it is an installed one."""
        parts = tuple((statement.module or "").split(".")) if statement.module else ()
        place = self._place(namespace, parts, statement.level)
        try:
            return self._from_folder(*place, parts, whole=True) if place else None
        except ModuleNotFoundError:
            return None

    def _place(self, namespace: Namespace, parts: tuple[str, ...], level: int) -> tuple[Path, str] | None:
        """The folder below which a user's module lies, and its package; None for what is installed or missing."""
        if level:
            folder = Path(namespace.source.file).parents[level - 1]
            return folder, package_name(folder) or folder.name
        top = parts[0]
        if (
            self._package(top) is not None
            or top in INSTALLED_FIRST
            or top in sys.stdlib_module_names
            and top in sys.modules
        ):
            return None
        for folder in [Path(self._program.file).parent, *self._program.added_roots()]:
            if _is_module(folder, top) and _find(folder, (top,)) != Path(namespace.source.file):
                return folder, ""
        installed = _is_installed(top)
        for folder in self._program.roots:
            if (
                _is_module(folder, top)
                and _found_by_python(top, folder)
                or not installed
                and _find(folder, parts) is not None
            ):
                return folder, ""
        return None

    def _package(self, top: str) -> Any | None:
        if top not in self._packages:
            self._packages[top] = stand_in(top)
        return self._packages[top]

    def _from_folder(self, folder: Path, prefix: str, parts: tuple[str, ...], whole: bool) -> Any:
        """The module at `parts` below a folder (`whole`), else the package that it lies in."""
        for depth in range(len(parts) + 1):
            if _find(folder, parts[:depth]) is None and depth:
                missing = ".".join(parts[:depth])
                raise ModuleNotFoundError(f"No module named '{missing}' in {folder}", name=missing)
        wanted = parts if whole else parts[:1]
        name = ".".join(part for part in (prefix, *wanted) if part)
        return self._program.module_at(_find(folder, wanted), name)

    def import_installed(self, name: str, parts: tuple[str, ...], fromlist: tuple[str, ...], guarded: bool) -> Any:
        """What is installed under a name; a stub where its package is not, or lacks one that it needs."""
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            for folder in self._program.roots:
                if (error.name or "").startswith(parts[0]) and _find(folder, parts) is not None:
                    return self._from_folder(folder, "", parts, whole=bool(fromlist))
            if guarded or not _is_missing_package(error, name):
                raise
            return self._stub(error, parts, fromlist)
        missing = {}
        for item in fromlist:
            if item == "*" or hasattr(module, item) or not hasattr(module, "__path__"):
                continue
            try:
                importlib.import_module(f"{name}.{item}")
            except ModuleNotFoundError as error:
                if _is_missing_package(error, f"{name}.{item}") and not guarded:
                    missing[item] = self._record(f"{name}.{item}")
        if fromlist:
            return Overlay(module, **missing) if missing else module
        return sys.modules[parts[0]]

    def _stub(self, error: ModuleNotFoundError, parts: tuple[str, ...], fromlist: tuple[str, ...]) -> Any:
        if error.name == parts[0]:
            self._packages[parts[0]] = replacement(parts[0])
            self._record(parts[0])
            return _walk(self._packages[parts[0]], parts[1:]) if fromlist else self._packages[parts[0]]
        stub = self._record(".".join(parts))
        if fromlist:
            return stub
        for depth in range(len(parts) - 1, 0, -1):
            stub = Overlay(importlib.import_module(".".join(parts[:depth])), **{parts[depth]: stub})
        return stub

    def _record(self, name: str) -> Stub:
        if name not in self._program.stubs:
            self._program.stubs.append(name)
        return Stub(name)


def _walk(owner: Any, names: tuple[str, ...]) -> Any:
    for name in names:
        owner = getattr(owner, name)
    return owner


def _find(folder: Path, parts: tuple[str, ...]) -> Path | None:
    """The file of a module below a folder, or its folder where a package has no `__init__.py`."""
    place = folder.joinpath(*parts)
    if (place / "__init__.py").is_file():
        return place / "__init__.py"
    if not parts:
        return place
    file = place.with_name(place.name + ".py")
    if file.is_file():
        return file
    return place if place.is_dir() and any(place.glob("*.py")) else None


def _is_module(folder: Path, name: str) -> bool:
    return (folder / f"{name}.py").is_file() or (folder / name / "__init__.py").is_file()


def _is_installed(name: str) -> bool:
    if isinstance(sys.modules.get(name), UserModule):
        return False
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return name in sys.modules


def _found_by_python(name: str, folder: Path) -> bool:
    """Whether Python itself would take a module of this name from the folder, and run all of it."""
    try:
        spec = importlib.machinery.PathFinder.find_spec(name)
    except (ImportError, ValueError):
        return False
    return bool(spec and spec.origin) and Path(spec.origin).parent in (folder, folder / name)


def _is_missing_package(error: ModuleNotFoundError, name: str) -> bool:
    """Whether a whole package is missing, not merely a module that an installed package no longer has."""
    missing, top = error.name or "", name.split(".")[0]
    return bool(missing) and (missing == top or missing.split(".")[0] != top)


def package_name(folder: Path) -> str:
    """The dotted name of the package that a folder is, or ``""``."""
    names = []
    while (folder / "__init__.py").is_file():
        names.insert(0, folder.name)
        folder = folder.parent
    return ".".join(names)
