"""The names of one user file, each had by running its statements when it is first read."""

import ast
import builtins
import contextlib
import dataclasses
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from refkit.errors import RefkitError
from refkit.loading.class_names import classes_called
from refkit.loading.effects import Effects
from refkit.loading.elements import RECORD, Elements, recording
from refkit.loading.failures import Unavailable, say_error, user_line
from refkit.loading.isolation import guarded_open
from refkit.loading.names import names_of
from refkit.loading.source import Source
from refkit.loading.statements import ASSIGNMENTS, IMPORTS, Statement, statements_of
from refkit.loading.time_limit import OutOfTime

IMPORT_ERRORS = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


class UserModule(types.ModuleType):
    """A user's file as a module; an attribute is had from its namespace when first asked for."""

    __slots__ = ("namespace",)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(f"module `{self.__name__}` has no attribute `{name}`")
        try:
            return self.namespace.value(name)
        except KeyError:
            raise AttributeError(f"module `{self.__name__}` has no attribute `{name}`") from None


class Namespace:
    """Runs the statements of one file by need, each once, as they would see each other's names in the file's order.

    Functions read the module's names through `__builtins__`: a global that is not there yet is asked for here. So
    nothing is run that nothing reads, and what is read is there whenever it is read.

    Args:
        source: the file; None for a folder without an `__init__.py`.
        name: its dotted name.
        shown: its path as shown to the user.
        program: what it belongs to.
        folder: the folder that it is the package of, or None.
    """

    def __init__(self, source: Source | None, name: str, shown: str, program: Any, folder: Path | None = None):
        self.source, self.shown, self.folder, self._program = source, shown, folder, program
        self.effects = Effects(source.tree if source else ast.Module([], []))
        self.statements = statements_of(source, self.effects) if source else ()
        self.writers: dict[str, list[Statement]] = {}
        for statement in self.statements:
            for written in statement.writes:
                self.writers.setdefault(written, []).append(statement)
        self._shared = frozenset(written for written, writers in self.writers.items() if len(writers) > 1)
        self._versions: dict[int, dict[str, Any]] = {}
        self._failures: dict[int, str] = {}
        self._positions: list[int] = []
        self.guarded = _guarded_lines(source.tree) if source else frozenset()
        self.module = UserModule(name)
        self.module.namespace = self
        if source:
            self.module.__file__ = source.file
            self.module.__doc__ = ast.get_docstring(source.tree)
        self.module.__dict__["__builtins__"] = _Builtins(self, program.import_for(self), program.elements)

    def value(self, name: str) -> Any:
        """The value of a module-level name, run for if it has not been.

        Raises:
            KeyError: the file has no such name.
            Unavailable: it has, but its statement failed or is not run.
        """
        variables = self.module.__dict__
        if name in variables and not self._positions:
            return variables[name]
        with self._program.running():
            try:
                found = self._reach(name)
            except Unavailable as error:
                found = classes_called(name, self._program.outputs) if "was not run" in error.reason else None
                if found is None:
                    raise
                self._note(f"`{name}` is taken to be as many as the reference's classes: {error.reason}")
        variables[name] = found
        return found

    def run_for(self, name: str) -> None:
        """Runs what a definition's functions will read when called, as far as it can be had; imports can wait."""
        self._run_reads(name, imports=False)

    def run_imports_for(self, name: str) -> None:
        """Runs the same, and the imports, too."""
        self._run_reads(name, imports=True)

    def _run_reads(self, name: str, imports: bool) -> None:
        waiting, seen = [name], set()
        while waiting:
            current = waiting.pop()
            if current in seen or current not in self.writers:
                continue
            seen.add(current)
            if not imports and current != name and all(isinstance(s.node, IMPORTS) for s in self.writers[current]):
                continue
            with contextlib.suppress(KeyError, Unavailable):
                self.value(current)
            for statement in self.writers[current]:
                if statement.refusal is None:
                    waiting.extend(sorted(statement.later | statement.reads))

    def exports(self) -> frozenset[str]:
        """Names that `from … import *` takes."""
        if "__all__" in self.writers:
            with contextlib.suppress(Unavailable, TypeError):
                return frozenset(self.value("__all__"))
        own = frozenset(name for name in self.writers if not name.startswith("_"))
        starred = (self._program.user_module(self, s.star) for s in self.statements if s.star)
        return own.union(*(module.namespace.exports() for module in starred if module is not None))

    def taken_from_neighbours(self, statement: Statement) -> frozenset[str]:
        """Names that a `from … import` takes from another of the user's files; none for any other statement."""
        if not isinstance(statement.node, ast.ImportFrom):
            return frozenset()
        try:
            module = self._program.user_module(self, statement.node)
        except RefkitError:
            return statement.binds
        if module is None:
            return frozenset()
        return module.namespace.exports() if statement.star else statement.binds

    def left_out(self) -> list[tuple[int, str]]:
        """Line and reason of every statement that was not run, definitions and imports that nothing needed aside."""
        found = []
        for statement in self.statements:
            if statement.index in self._failures:
                found.append((statement.line, self._failures[statement.index]))
            elif statement.index not in self._versions and not _is_silent(statement):
                found.append(
                    (statement.line, statement.refusal or self.effects.refusal(statement.node) or "nothing needs it")
                )
        return found

    def failure(self, name: str) -> str | None:
        """Why the statements of a name that was asked for failed, or None."""
        reasons = (self._failures.get(statement.index) for statement in self.writers.get(name, ()))
        return next((reason for reason in reasons if reason), None)

    def quote(self, line: int) -> str:
        """A line as messages show it: ``line 12 (`tx = optax.adam(1e-3)`)``."""
        text = self.source.line(line) if self.source else ""
        shortened = text if len(text) <= 100 else text[:99] + "…"
        return f"line {line} (`{shortened}`)" if text else f"line {line}"

    def _reach(self, name: str) -> Any:
        """The value that `name` has where the innermost running statement stands, or at the end of the file."""
        writers = self.writers.get(name, [])
        if self._positions and name in self._shared:
            writers = [statement for statement in writers if statement.index < self._positions[-1]]
        failures: list[_Failure] = []
        for statement in reversed(writers):
            failure = self._run(statement)
            if failure is not None:
                failures.append(failure)
            elif name in self._versions[statement.index]:
                raised = next((failure.reason for failure in failures if not failure.refused), None)
                if raised:
                    self._note(f"`{name}` is the one of line {statement.line}, since {raised}")
                return self._versions[statement.index][name]
        if writers or name in self.writers:
            if hasattr(builtins, name):
                return getattr(builtins, name)
            reason = failures[0].reason if failures else "no statement that was run gives it a value"
            raise Unavailable(name, reason, any(failure.for_now for failure in failures))
        return self._reach_starred(name)

    def _reach_starred(self, name: str) -> Any:
        for statement in reversed(self.statements):
            if statement.star is None:
                continue
            try:
                module = self._program.user_module(self, statement.star)
            except RefkitError as error:
                raise Unavailable(name, str(error)) from error
            if module is not None:
                if name in module.namespace.exports():
                    return module.namespace.value(name)
            else:
                with contextlib.suppress(ImportError, AttributeError):
                    return getattr(self._program.installed_module(self, statement.star), name)
        module = self._program.submodule(self, name)
        if module is None:
            raise KeyError(name)
        return module

    def _run(self, statement: Statement) -> "_Failure | None":
        """Runs a statement that has not been; gives the reason where it cannot be had."""
        if statement.index in self._versions:
            return None
        if statement.index in self._failures:
            return _Failure(self._failures[statement.index])
        if statement.index in self._positions:
            return _Failure(f"{self.quote(statement.line)} needs itself", for_now=True)
        if statement.refusal is not None:
            return _Failure(f"{self.quote(statement.line)} {statement.refusal} and was not run", refused=True)
        variables = self.module.__dict__
        hidden = {name: variables.pop(name) for name in self._shared if name in variables}
        self._positions.append(statement.index)
        try:
            self._have_annotations(statement)
            exec(self._compile(statement), variables)  # the program's own code, one statement of it
            self._versions[statement.index] = {name: variables[name] for name in statement.writes if name in variables}
            return None
        except OutOfTime:
            self._failures[statement.index] = f"{self.quote(statement.line)} took too long"
            raise
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            failure = _Failure(self._explain(statement, error), isinstance(error, Unavailable) and error.for_now)
            if not failure.for_now:
                self._failures[statement.index] = failure.reason
            for name in statement.binds:
                variables.pop(name, None)
            return failure
        finally:
            self._positions.pop()
            for name in self._shared:
                variables.pop(name, None)
            variables.update(hidden)

    def _have_annotations(self, statement: Statement) -> None:
        """Dataclasses look the names of postponed annotations up in the module's dictionary itself."""
        if isinstance(statement.node, ast.ClassDef) and not self.source.annotations:
            fields = (node.annotation for node in statement.node.body if isinstance(node, ast.AnnAssign))
            for name in sorted(frozenset().union(*(names_of(field).reads for field in fields))):
                with contextlib.suppress(KeyError, Unavailable):
                    self.value(name)

    def _compile(self, statement: Statement) -> types.CodeType:
        tree = ast.Module([recording(statement.runnable, self.source.file)], type_ignores=[])
        return compile(tree, self.source.file, "exec", flags=self.source.flags, dont_inherit=True)

    def _explain(self, statement: Statement, error: BaseException) -> str:
        if isinstance(error, Unavailable):
            return f"{self.quote(statement.line)} needs `{error.name}`: {error.reason}"
        if isinstance(error, RefkitError):
            return f"{self.quote(statement.line)} failed: {error}"
        file, line = user_line(error, self._program.files) or (self.source.file, statement.line)
        namespace = self._program.files[file]
        where = namespace.quote(line) if namespace is self else f"`{namespace.shown}` {namespace.quote(line)}"
        if isinstance(error, SystemExit):
            return f"{where} ends the program"
        return f"{where} raised {say_error(error, namespace.source.line(line))}"

    def _note(self, sentence: str) -> None:
        if sentence not in self._program.notes:
            self._program.notes.append(sentence)


@dataclasses.dataclass(frozen=True)
class _Failure:
    """Why a statement cannot be had: it raised, is refused, or (`for_now`) is just being run."""

    reason: str
    for_now: bool = False
    refused: bool = False


class _Builtins(dict):
    """Python's built-in names for one user file; any name that is not there is asked of its namespace."""

    def __init__(self, namespace: Namespace, import_: Callable[..., Any], elements: Elements):
        super().__init__(vars(builtins))
        self._namespace = namespace
        self.update(
            __import__=import_, open=guarded_open, input=_no_input, exit=_leave, quit=_leave, breakpoint=_ignore
        )
        self[RECORD] = elements.record
        for name in namespace.writers:
            self.pop(name, None)

    def __missing__(self, name: str) -> Any:
        return self._namespace.value(name)


def _guarded_lines(tree: ast.Module) -> frozenset[int]:
    """Lines of imports whose failure the program handles itself, other than by giving up."""
    lines = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and any(_handles_import(handler) for handler in node.handlers):
            lines.update(
                part.lineno for statement in node.body for part in ast.walk(statement) if isinstance(part, ast.stmt)
            )
    return frozenset(lines)


def _handles_import(handler: ast.ExceptHandler) -> bool:
    kinds = (
        {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)} if handler.type else IMPORT_ERRORS
    )
    gives_up = any(
        isinstance(node, ast.Raise)
        or isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("exit", "quit", "sys.exit")
        for statement in handler.body
        for node in ast.walk(statement)
    )
    return bool(kinds & IMPORT_ERRORS) and not gives_up


def _is_silent(statement: Statement) -> bool:
    docstring = isinstance(statement.node, ast.Expr) and isinstance(statement.node.value, ast.Constant)
    imported = isinstance(statement.node, IMPORTS)
    annotation = isinstance(statement.node, ASSIGNMENTS) and getattr(statement.node, "value", None) is None
    empty = isinstance(statement.node, (ast.Pass, ast.Global))
    return statement.is_definition or docstring or imported or annotation or empty


def _no_input(prompt: object = "") -> str:
    raise EOFError("nobody answers while refkit runs this file")


def _leave(code: object = None) -> None:
    raise SystemExit(code)


def _ignore(*args: Any, **kwargs: Any) -> None:
    pass
