"""A file of the user's, run whole as the module that it is."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from refkit.errors import RefkitError


def run_file(file: str) -> ModuleType:
    """The module of a file; what it imports from its own folder is found.

    Raises:
        RefkitError: it is not there, or raises.
    """
    path = Path(file)
    if path.suffix != ".py" or not path.is_file():
        raise RefkitError(f"`{file}` is not there: give the path of a Python file")
    name = f"refkit_file_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    folder, sys.dont_write_bytecode = str(path.resolve().parent), True
    sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # noqa: BLE001: it may raise anything
        said = " ".join(str(error).split())[:160]
        raise RefkitError(f"`{path.name}` cannot be run: {type(error).__name__}: {said}") from error
    return module
