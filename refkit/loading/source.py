"""The text of a Python file and its syntax tree, or one sentence on why there is none."""

import __future__

import ast
import dataclasses
import io
import linecache
import tokenize
from pathlib import Path

from refkit.errors import RefkitError


@dataclasses.dataclass(frozen=True)
class Source:
    """A parsed file.

    Args:
        file: absolute path.
        text: what it says, as decoded; line numbers are the file's own.
        tree: its syntax tree.
        notes: what had to be done to read it.
        whole: the tree with its main block, where `tree` has that taken apart.
    """

    file: str
    text: str
    tree: ast.Module
    notes: tuple[str, ...] = ()
    whole: ast.Module | None = None

    @property
    def flags(self) -> int:
        """Flags to compile its statements with: annotations stay text where the file asks for it."""
        return 0 if self.annotations else __future__.annotations.compiler_flag

    @property
    def annotations(self) -> bool:
        """Whether annotations are evaluated."""
        return not any(
            isinstance(node, ast.ImportFrom)
            and node.module == "__future__"
            and any(a.name == "annotations" for a in node.names)
            for node in self.tree.body
        )

    def line(self, number: int) -> str:
        """The text of one line, without its indentation."""
        lines = self.text.splitlines()
        return lines[number - 1].strip() if 0 < number <= len(lines) else ""


def read_source(file: str, shown: str) -> Source:
    """Reads and parses one file.

    Raises:
        RefkitError: it cannot be read, is not Python, or has a syntax error.
    """
    try:
        data = Path(file).read_bytes()
    except OSError as error:
        raise RefkitError(f"`{shown}` could not be read ({error.strerror}): check its permissions") from error
    text, notes = _decode(data, shown)
    try:
        tree = ast.parse(text, file)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        commands, count = _without_notebook_commands(text)
        try:
            tree = ast.parse(commands, file) if count else None
        except (SyntaxError, ValueError):
            tree = None
        if tree is None:
            raise RefkitError(_syntax_sentence(shown, text, error)) from error
        text = commands
        notes.append(f"{count} notebook command(s) (`!pip …`, `%matplotlib …`) in `{shown}` were left out")
    if notes:
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    return Source(file, text, tree, tuple(notes))


def _decode(data: bytes, shown: str) -> tuple[str, list[str]]:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _newlines(data.decode("utf-16", errors="replace")), [
            f"`{shown}` is UTF-16 text: Python itself wants UTF-8"
        ]
    if b"\0" in data:
        raise RefkitError(f"`{shown}` is not a Python file (it holds null bytes): name a `.py` file")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return _newlines(data.decode(encoding)), []
    except (SyntaxError, UnicodeDecodeError):
        note = f"`{shown}` is not UTF-8 and was read as Latin-1: save it as UTF-8 for Python to run it"
        return _newlines(data.decode("latin-1")), [note]


def _newlines(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _without_notebook_commands(text: str) -> tuple[str, int]:
    """Blanks lines such as `!pip install flax` and `%matplotlib inline`, keeping every line's number."""
    lines, count, goes_on = text.split("\n"), 0, False
    for index, line in enumerate(lines):
        bare = line.strip()
        if (
            goes_on
            or bare.startswith(("!", "%"))
            or (bare.endswith("?") and bare.rstrip("?").replace(".", "").isidentifier())
        ):
            indented = line[:1].isspace() and not goes_on
            lines[index] = line[: len(line) - len(line.lstrip())] + "pass" if indented else ""
            count += not goes_on
            goes_on = bare.endswith("\\")
    return "\n".join(lines), count


def _syntax_sentence(shown: str, text: str, error: BaseException) -> str:
    if not isinstance(error, SyntaxError) or not error.lineno:
        return f"`{shown}` could not be parsed ({error}): run `python -m py_compile {shown}`"
    lines = text.split("\n")
    line = lines[error.lineno - 1].strip() if error.lineno <= len(lines) else ""
    quoted = f", `{line[:120]}`" if line else ""
    cure = "mend that line first"
    if error.msg.startswith("Missing parentheses in call to") or line.startswith("print "):
        cure = "it looks like Python 2: convert it to Python 3 first"
    elif line.startswith(("<<<<<<<", "=======", ">>>>>>>")):
        cure = "resolve the merge conflict first"
    return f"`{shown}` has a syntax error on line {error.lineno}{quoted}: {error.msg}; {cure}"
