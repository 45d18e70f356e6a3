"""Which file a TARGET names, and where its modules' neighbours are looked for."""

import dataclasses
import difflib
import os
import sys
from pathlib import Path

from refkit.errors import RefkitError

PROJECT_MARKS = (".git", "pyproject.toml", "setup.py", "setup.cfg", "requirements.txt")
INSTALLED = ("site-packages", "dist-packages")
FARTHEST_PARENT = 5
FARTHEST_UNMARKED_PARENT = 2


@dataclasses.dataclass(frozen=True)
class Location:
    """A TARGET's file.

    Args:
        file: absolute path.
        shown: the path as the user sees it, relative to where the command was run.
        name: what stands after the colon, or None.
    """

    file: str
    shown: str
    name: str | None


def locate(spec: str) -> Location:
    """Finds the file of `path/to/file.py`, `path/to/file.py:Name`, `package.module` or `package.module:Name`.

    Raises:
        RefkitError: there is no such file or module, or it is not Python.
    """
    path, name = _split(spec)
    if not path:
        raise RefkitError("no TARGET was given: name a file, as in `my_lenet.py` or `my_lenet.py:LeNet`")
    file = Path(os.path.abspath(os.path.expanduser(path)))
    if not file.exists() and not _looks_like_a_path(path):
        file = _module_file(path) or file
        if not file.exists():
            near = _near(Path.cwd() / path)
            raise RefkitError(
                f"no file and no module `{path}` was found from here{near or ': name a file, as in `my_lenet.py`'}"
            )
    if not file.exists():
        cure = (
            _near(file)
            or f": `{show(file.parent)}` {'has no Python file' if file.parent.is_dir() else 'does not exist either'}"
        )
        raise RefkitError(f"there is no file `{path}`{cure}")
    if file.is_dir():
        inside = sorted(entry.name for entry in file.glob("*.py"))[:8]
        listed = (
            f": name one of its files ({', '.join(f'`{entry}`' for entry in inside)})"
            if inside
            else ", and it holds no Python file"
        )
        raise RefkitError(f"`{path}` is a folder{listed}")
    if file.suffix == ".ipynb":
        raise RefkitError(f"`{path}` is a notebook: export it first with `jupyter nbconvert --to script {path}`")
    if file.suffix not in (".py", ".pyw", ""):
        raise RefkitError(f"`{path}` is not a Python file: name a `.py` file")
    if not os.access(file, os.R_OK) or not file.is_file():
        raise RefkitError(f"`{path}` could not be read: check its permissions")
    return Location(str(file), show(file), name)


def show(file: str | os.PathLike) -> str:
    """The path relative to the working directory."""
    try:
        return os.path.relpath(file)
    except ValueError:
        return str(file)


def search_roots(file: str) -> list[Path]:
    """Folders whose files a TARGET may import: its own, then its parents up to the project's."""
    folder, roots = Path(file).parent, []
    marked = next((parent for parent in _parents(folder, FARTHEST_PARENT) if _is_project(parent)), None)
    for parent in _parents(folder, FARTHEST_PARENT if marked else FARTHEST_UNMARKED_PARENT):
        if parent.name in INSTALLED and parent != folder:
            break
        roots.append(parent)
        if (parent / "src").is_dir():
            roots.append(parent / "src")
        if parent == marked:
            break
    here = Path.cwd()
    if here in folder.parents and here not in roots and here not in (Path.home(), Path(here.anchor)):
        roots.append(here)
    return roots


def _parents(folder: Path, farthest: int) -> list[Path]:
    above = [parent for parent in folder.parents if parent not in (Path.home(), Path(parent.anchor))]
    return [folder, *above[:farthest]]


def _is_project(folder: Path) -> bool:
    return any((folder / mark).exists() for mark in PROJECT_MARKS)


def _split(spec: str) -> tuple[str, str | None]:
    path, colon, name = spec.strip().rpartition(":")
    if not colon or "/" in name.replace(" / ", "") and name.endswith(".py") or "\\" in name:
        return spec.strip(), None
    return path, name.strip() or None


def _looks_like_a_path(path: str) -> bool:
    return (
        path.endswith((".py", ".ipynb")) or os.sep in path or not all(part.isidentifier() for part in path.split("."))
    )


def _module_file(module: str) -> Path | None:
    parts = module.split(".")
    for entry in ["", *sys.path]:
        base = Path(entry or os.getcwd()).joinpath(*parts)
        for file in (base.with_name(base.name + ".py"), base / "__init__.py"):
            if file.is_file():
                return Path(os.path.abspath(file))
    return None


def _near(file: Path) -> str | None:
    """Names of Python files near a missing one, as the end of a sentence."""
    try:
        entries = [entry.name for entry in file.parent.iterdir() if entry.suffix == ".py"]
    except OSError:
        return None
    wanted = file.name if file.suffix == ".py" else file.name + ".py"
    near = difflib.get_close_matches(wanted, entries, n=3, cutoff=0.5)
    if near:
        return f": did you mean {' or '.join(f'`{show(file.parent / entry)}`' for entry in near)}?"
    if entries:
        return f": `{show(file.parent)}` holds {', '.join(f'`{entry}`' for entry in sorted(entries)[:6])}"
    return None
