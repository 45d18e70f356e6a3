"""A TARGET after loading: its definitions, and what was left out."""

import ast
import contextlib
import dataclasses
import types
from collections.abc import Iterator, Mapping
from typing import Any

from refkit.errors import RefkitError
from refkit.loading.elements import Elements
from refkit.loading.failures import Unavailable
from refkit.loading.program import Program


@dataclasses.dataclass(frozen=True)
class Loaded:
    """What was taken from a TARGET's file. The file itself was never run as a whole.

    Args:
        module: its names; one that nothing has needed so far is run for when it is asked for.
        file: absolute path; the code objects' file, with the user's own line numbers.
        shown: the path relative to where the command was run.
        source: its text.
        tree: its syntax tree.
        name: what stood after the colon, or None.
        roles: names given for parts, such as `{"loss": "my_loss"}`.
        program: the files that belong to it.
    """

    module: types.ModuleType
    file: str
    shown: str
    source: str
    tree: ast.Module
    name: str | None
    roles: Mapping[str, str]
    program: Program = dataclasses.field(repr=False)

    @property
    def dropped(self) -> list[tuple[int, str]]:
        """Line and reason of each statement that was not run."""
        return self.program.target.left_out()

    @property
    def stubs(self) -> list[str]:
        """Packages that are not installed and were replaced by harmless objects."""
        return list(self.program.stubs)

    @property
    def notes(self) -> list[str]:
        """Sentences on what failed and was left out."""
        return list(self.program.notes)

    @property
    def files(self) -> tuple[str, ...]:
        """Absolute paths of the user's files taken so far: this one, and the neighbours that it imports."""
        return tuple(self.program.files)

    @property
    def elements(self) -> Elements:
        """Where in the files' text what they list stands."""
        return self.program.elements

    @contextlib.contextmanager
    def active(self, restore_generators: bool = False) -> Iterator[None]:
        """While the TARGET's functions run: they print nowhere, write nothing, and change nothing of this process."""
        with self.program.active(restore_generators):
            yield

    def has(self, name: str) -> bool:
        """Whether the file binds a name, whatever comes of running for it."""
        first = name.split(".")[0]
        return first in self.program.target.writers or hasattr(self.module, first)

    def get(self, name: str) -> Any:
        """The object of a name such as `Net` or `nets.Small`, with all that its functions will read.

        Raises:
            RefkitError: the file has no such name, or it could not be had.
        """
        first, *rest = name.split(".")
        try:
            with self.program.running():
                found = self.program.target.value(first)
                self.program.target.run_for(first)
            for part in rest:
                found = getattr(found, part)
        except KeyError:
            raise RefkitError(f"`{self.shown}` has no `{first}`: it has {self.list_names()}") from None
        except AttributeError as error:
            raise RefkitError(f"`{self.shown}` has no `{name}` ({error}): it has {self.list_names()}") from None
        except Unavailable as error:
            raise RefkitError(f"`{name}` of `{self.shown}` could not be had: {error.reason}") from error
        return found

    def list_names(self) -> str:
        """The file's classes and functions, else its other names, as a sentence has them."""
        definitions = [s.node.name for s in self.program.target.statements if s.is_definition]
        names = definitions or [name for name in self.program.target.writers if not name.startswith("_")]
        names = list(dict.fromkeys(names))
        listed = ", ".join(f"`{name}`" for name in names[:12]) + (" and more" if len(names) > 12 else "")
        return listed or "no names at all"
