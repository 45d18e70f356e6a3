"""All that one TARGET consists of: its file, the neighbours it imports, what stands in for missing packages."""

import ast
import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from refkit.errors import RefkitError
from refkit.loading.elements import Elements
from refkit.loading.failures import user_line
from refkit.loading.imports import INSTALLED_FIRST, Importer, package_name
from refkit.loading.isolation import isolated, outside_traces
from refkit.loading.location import INSTALLED, Location, search_roots, show
from refkit.loading.moved_apis import told
from refkit.loading.namespace import Namespace, UserModule
from refkit.loading.script import as_script
from refkit.loading.source import read_source
from refkit.loading.time_limit import OutOfTime, time_limit

HERE = str(Path(__file__).parent)


class Program:
    """The files of one TARGET, kept apart from this process and from other TARGETs.

    Args:
        location: where the TARGET's file is.
        limit_s: how long its code may run at a time.
    """

    def __init__(self, location: Location, limit_s: float):
        self.file, self._limit_s = location.file, limit_s
        self.roots = search_roots(location.file)
        self.files: dict[str, Namespace] = {}
        self.elements = Elements()
        self.stubs: list[str] = []
        self.outputs: int | None = None  # classes of the reference, once it is known
        self.notes: list[str] = []
        self._importer = Importer(self)
        self._modules: dict[Path, UserModule] = {}
        self._added: list[Path] | None = None
        self._running = False
        self._hidden: dict[str, Any] | None = None
        self.target = self.module_at(Path(location.file), _name_of(Path(location.file))).namespace

    def module_at(self, path: Path, name: str) -> UserModule:
        """The module of a file, or of a folder without `__init__.py`: one for each, however it is imported."""
        real = path.resolve()
        if real not in self._modules:
            self._modules[real] = self._new_module(path, f"{name}__target" if _is_taken(name, path) else name)
            if self._hidden is not None:
                self._put(self._modules[real])
        return self._modules[real]

    def import_for(self, namespace: Namespace) -> Callable[..., Any]:
        """The `__import__` of one file."""
        return self._importer.import_for(namespace)

    def user_module(self, namespace: Namespace, statement: ast.ImportFrom) -> UserModule | None:
        """The user's module that a `from … import` statement names, or None."""
        return self._importer.user_module(namespace, statement)

    def installed_module(self, namespace: Namespace, statement: ast.ImportFrom) -> Any:
        """The installed module that a `from … import` statement names."""
        return self._importer.load(namespace, statement.module or "", ("*",), statement.level, guarded=False)

    def submodule(self, namespace: Namespace, name: str) -> UserModule | None:
        """A module inside a package of the user's."""
        return self._importer.submodule(namespace, name)

    def added_roots(self) -> list[Path]:
        """Folders that the TARGET adds to `sys.path`."""
        if self._added is None:
            self._added = []
            self._added = [folder for node in self.target.source.tree.body for folder in self._added_by(node)]
        return self._added

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """While this program's code runs: isolated, within its time limit, its modules importable."""
        if self._running:
            yield
            return
        self._running = True
        try:
            with self.active(), outside_traces(), time_limit(self._limit_s, self._may_interrupt):
                yield
        except OutOfTime as error:
            raise RefkitError(self._say_out_of_time(error)) from None
        finally:
            self._running = False

    @contextlib.contextmanager
    def active(self, restore_generators: bool = True) -> Iterator[None]:
        """While this program's functions run: isolated, and its modules in `sys.modules`."""
        with isolated(self.file, restore_generators), self._importable():
            yield

    @contextlib.contextmanager
    def _importable(self) -> Iterator[None]:
        """While its modules are in `sys.modules`, where dataclasses look up what they belong to."""
        if self._hidden is not None:
            yield
            return
        self._hidden = {}
        for module in self._modules.values():
            self._put(module)
        try:
            yield
        finally:
            for name, module in self._hidden.items():
                if module is None:
                    sys.modules.pop(name, None)
                else:
                    sys.modules[name] = module
            self._hidden = None

    def _put(self, module: UserModule) -> None:
        self._hidden.setdefault(module.__name__, sys.modules.get(module.__name__))
        sys.modules[module.__name__] = module

    def _new_module(self, path: Path, name: str) -> UserModule:
        if path.is_dir():
            namespace = Namespace(None, name, show(path), self, folder=path)
        else:
            source = read_source(str(path), show(path))
            source = as_script(source) if str(path) == self.file else source
            folder = path.parent if path.name == "__init__.py" else None
            namespace = Namespace(source, name, show(path), self, folder=folder)
            self.files[source.file] = namespace
            self.notes.extend([*source.notes, *told(source.tree, show(path))])
        return namespace.module

    def _may_interrupt(self, frame: FrameType | None) -> bool:
        """Whether a frame is the program's, or of a library that it runs or imports; never one of refkit's own."""
        inner = frame
        while inner is not None:
            file = inner.f_code.co_filename
            if file in self.files:
                return True
            if file.startswith(HERE):
                return inner is not frame and inner.f_code.co_name == Importer.import_installed.__name__
            inner = inner.f_back
        return False

    def _say_out_of_time(self, error: OutOfTime) -> str:
        file, line = user_line(error, self.files) or (self.file, 0)
        namespace = self.files[file]
        where = f" at `{namespace.shown}` {namespace.quote(line)}" if line else ""
        return (
            f"running what is needed of `{self.target.shown}` took longer than {self._limit_s:g} s{where}: "
            'move what runs long under `if __name__ == "__main__":`, or name the model with `:Name`'
        )

    def _added_by(self, node: ast.stmt) -> list[Path]:
        call = node.value if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
        if (
            call is None
            or not call.args
            or self.target.effects.origin(call.func) not in ("sys.path.append", "sys.path.insert")
        ):
            return []
        with contextlib.suppress(Exception):
            expression = compile(ast.Expression(call.args[-1]), self.file, "eval")
            with self.running():
                added = Path(
                    eval(expression, self.target.module.__dict__)
                )  # a path, such as `os.path.dirname(__file__)`
            return [added] if added.is_absolute() else [Path.cwd() / added, Path(self.file).parent / added]
        return []


def _name_of(file: Path) -> str:
    """The module's dotted name, unlike that of any module already there."""
    package = package_name(file.parent)
    name = f"{package}.{file.stem}" if package else file.stem
    return f"{name}__target" if name in sys.modules else name


def _is_taken(name: str, path: Path) -> bool:
    """Whether an installed module has this name, which it must keep while ours is in `sys.modules`."""
    return name.partition(".")[0] in INSTALLED_FIRST | sys.stdlib_module_names or bool({*path.parts} & {*INSTALLED})
