"""Running a TARGET's code without letting it change, print into, or reach beyond this process."""

import builtins
import contextlib
import io
import logging
import os
import random
import socket
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from refkit.loading.moved_apis import moved_apis

_depth = 0


class RefusedByRefkit(OSError):
    """A TARGET tried to reach the network, another program, or a file to write into while it was being loaded."""


@contextlib.contextmanager
def isolated(file: str, restore_generators: bool = True) -> Iterator[None]:
    """Code in the block prints nowhere, reads an empty standard input, sees no command line, and changes nothing.

    The network, other programs and writing files (caches and other temporary folders aside) are refused; the working
    directory, environment, settings of jax, NumPy, warnings and logging, and the random generators are put back.

    Args:
        file: absolute path of the program, its `sys.argv[0]`.
        restore_generators: whether the states of `random` and `numpy.random` are put back, too.
    """
    global _depth
    if _depth:
        yield
        return
    with contextlib.ExitStack() as stack:
        _depth += 1
        stack.callback(_leave)
        _keep_settings(stack)
        if restore_generators:
            _keep_generators(stack)
        stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
        stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
        _replace(stack, sys, "stdin", io.StringIO(""))
        _replace(stack, sys, "argv", [file])
        _replace(stack, sys, "dont_write_bytecode", True)
        _refuse(stack, file)
        stack.enter_context(moved_apis())
        yield


@contextlib.contextmanager
def outside_traces() -> Iterator[None]:
    """What is run in the block gives arrays, also where a program that JAX is tracing asked for it.

    Flax's generators count only in the trace that they were made in, so what is made here must be as though none were.
    """
    import jax

    with jax.core.eval_context():
        yield


def guarded_open(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
    """`open` for a TARGET's own code: it reads, and writes nowhere."""
    if isinstance(mode, str) and set(mode) & set("wax+") and not _is_device(file):
        raise RefusedByRefkit(f"writing `{file}` is refused while refkit runs this file")
    return open(file, mode, *args, **kwargs)


def _leave() -> None:
    global _depth
    _depth -= 1


def _replace(stack: contextlib.ExitStack, owner: Any, name: str, value: Any) -> None:
    stack.callback(setattr, owner, name, getattr(owner, name))
    setattr(owner, name, value)


def _keep_settings(stack: contextlib.ExitStack) -> None:
    import jax
    import numpy as np

    stack.callback(_restore_environment, dict(os.environ))
    stack.callback(_restore_folder, os.getcwd())
    stack.callback(_restore_jax, jax, dict(jax.config.values))
    stack.callback(_restore_list, sys.path, list(sys.path))
    stack.callback(_restore_list, sys.meta_path, list(sys.meta_path))
    stack.callback(sys.setrecursionlimit, sys.getrecursionlimit())
    _replace(stack, sys, "excepthook", sys.excepthook)
    stack.callback(_restore_list, logging.root.handlers, list(logging.root.handlers))
    stack.callback(logging.root.setLevel, logging.root.level)
    stack.enter_context(np.errstate())
    stack.enter_context(np.printoptions())
    stack.enter_context(warnings.catch_warnings())


def _keep_generators(stack: contextlib.ExitStack) -> None:
    import numpy as np

    stack.callback(random.setstate, random.getstate())
    stack.callback(np.random.set_state, np.random.get_state())


def _restore_environment(environment: dict[str, str]) -> None:
    if dict(os.environ) != environment:
        os.environ.clear()
        os.environ.update(environment)


def _restore_folder(folder: str) -> None:
    with contextlib.suppress(OSError):
        os.chdir(folder)


def _restore_list(kept: list, before: list) -> None:
    kept[:] = before


def _restore_jax(jax: Any, before: dict[str, Any]) -> None:
    for name, value in dict(jax.config.values).items():
        if name in before and before[name] is not value and before[name] != value:
            jax.config.update(name, before[name])


def _refuse(stack: contextlib.ExitStack, file: str) -> None:
    """Replaces what reaches the network, starts programs, ends the process, or changes files."""
    opened, connect, allowed = io.open, socket.socket.connect, _cache_folders()

    def open_to_read(path, mode="r", *args, **kwargs):
        if isinstance(mode, str) and set(mode) & set("wax+") and not _may_write(path, file, allowed):
            raise RefusedByRefkit(f"writing `{path}` is refused while refkit runs this file")
        return opened(path, mode, *args, **kwargs)

    def refuse_network(*args, **kwargs):
        raise RefusedByRefkit("the network is refused while refkit runs this file")

    def connect_locally(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            refuse_network()
        return connect(self, address)

    def refuse_program(*args, **kwargs):
        raise RefusedByRefkit("running another program is refused while refkit runs this file")

    def leave(status=0):
        raise SystemExit(status)

    for owner in (builtins, io):
        _replace(stack, owner, "open", open_to_read)
    _replace(stack, socket, "create_connection", refuse_network)
    _replace(stack, socket, "getaddrinfo", refuse_network)
    if "connect" in vars(socket.socket):
        _replace(stack, socket.socket, "connect", connect_locally)
    else:
        stack.callback(delattr, socket.socket, "connect")
        socket.socket.connect = connect_locally
    _replace(stack, os, "_exit", leave)
    for name in ("system", "popen", "fork", "execv", "execve", "execvp"):
        if hasattr(os, name):
            _replace(stack, os, name, refuse_program)
    _replace(stack, subprocess.Popen, "__init__", refuse_program)
    for name in ("mkdir", "remove", "unlink", "rmdir", "rename", "replace", "truncate", "symlink", "link"):
        _replace(stack, os, name, _refuse_change(getattr(os, name), file, allowed))


def _refuse_change(change: Any, file: str, allowed: list[Path]) -> Any:
    def change_elsewhere(path, *args, **kwargs):
        if not _may_write(path, file, allowed):
            raise RefusedByRefkit(f"changing `{path}` is refused while refkit runs this file")
        return change(path, *args, **kwargs)

    return change_elsewhere


def _is_device(path: Any) -> bool:
    return isinstance(path, (str, os.PathLike)) and os.fspath(path).startswith(("/dev/", "/proc/"))


def _cache_folders() -> list[Path]:
    caches = [os.environ.get(name) for name in ("XDG_CACHE_HOME", "MPLCONFIGDIR", "JAX_COMPILATION_CACHE_DIR")]
    own = [Path.home() / ".cache", Path.home() / ".config", Path(tempfile.gettempdir())]
    return [Path(folder) for folder in caches if folder] + own


def _may_write(path: Any, file: str, allowed: list[Path]) -> bool:
    """Whether a library may write here: devices, caches and temporary folders, away from the program and from here.

    Where a folder for caches lies in the program's own, as `~/.cache` does for a program in the home folder, the inner counts.
    """
    if not isinstance(path, (str, os.PathLike)):
        return True
    place = Path(os.path.abspath(os.fspath(path)))
    if _is_device(place):
        return True
    return _innermost(place, allowed) > _innermost(place, [Path(os.path.abspath(file)).parent, Path.cwd()])


def _innermost(place: Path, folders: list[Path]) -> int:
    """How deep the innermost of the folders around a place lies; 0 where none is around it."""
    return max((len(folder.parts) for folder in folders if place.is_relative_to(folder)), default=0)
