"""APIs that older files use and that only moved: while a TARGET runs, they are where it looks for them."""

import ast
import contextlib
import functools
import importlib
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

from refkit.loading.changed_apis import GONE
from refkit.loading.effects import import_origins
from refkit.loading.names import dotted

TREE = {
    f"jax.tree_{name}": f"jax.tree.{name}"
    for name in "map leaves flatten unflatten structure reduce all transpose".split()
}
MOVED = {
    **TREE,
    "jax.tree_multimap": "jax.tree.map",
    "jax.tree_util.tree_multimap": "jax.tree.map",
    "jax.partial": "functools.partial",
    "jax.random.KeyArray": "jax.Array",
    "jax.random.PRNGKeyArray": "jax.Array",
    "jax.random.shuffle": "jax.random.permutation",
    "jax.experimental.stax": "jax.example_libraries.stax",
    "jax.experimental.optimizers": "jax.example_libraries.optimizers",
    "jax.numpy.DeviceArray": "jax.Array",
    "jax.numpy.row_stack": "jax.numpy.vstack",
    "jax.numpy.in1d": "jax.numpy.isin",
    "jax.numpy.msort": "jax.numpy.sort",
    "jax.numpy.alltrue": "jax.numpy.all",
    "jax.numpy.sometrue": "jax.numpy.any",
    "jax.numpy.product": "jax.numpy.prod",
    "jax.numpy.cumproduct": "jax.numpy.cumprod",
    "jax.numpy.round_": "jax.numpy.round",
    "jax.numpy.float": "jax.numpy.float32",
    "jax.numpy.int": "jax.numpy.int32",
    "jax.nn.normalize": "jax.nn.standardize",
    "optax.additive_weight_decay": "optax.add_decayed_weights",
    "numpy.float": "numpy.float64",
    "numpy.int": "numpy.int64",
    "numpy.product": "numpy.prod",
    "numpy.in1d": "numpy.isin",
    "numpy.float_": "numpy.float64",
}
REBUILT: dict[str, Callable[..., Any]] = {
    "jax.ops.index_update": lambda x, index, y: x.at[index].set(y),
    "jax.ops.index_add": lambda x, index, y: x.at[index].add(y),
    "jax.lax.tie_in": lambda x, y: y,
}


@contextlib.contextmanager
def moved_apis() -> Iterator[None]:
    """While open, what only moved is found under its old name as well; what is there is left as it is."""
    with contextlib.ExitStack() as stack:
        for name, thing in found().items():
            owner, _, last = name.rpartition(".")
            place = module_of(owner)
            if place is None or has(place, last):
                continue
            setattr(place, last, thing)
            stack.callback(delattr, place, last)
            if isinstance(thing, types.ModuleType) and name not in sys.modules:
                sys.modules[name] = thing
                stack.callback(sys.modules.pop, name, None)
        yield


def has(place: Any, name: str) -> bool:
    """Whether a module really has a name: jax raises with a sentence of its own for some that it no longer has."""
    try:
        return hasattr(place, name)
    except Exception:  # noqa: BLE001: what a deprecated name raises is the library's affair
        return False


@functools.cache
def found() -> dict[str, Any]:
    """What stands for each old name; names whose new place this jax does not have are left out."""
    things: dict[str, Any] = dict(REBUILT)
    for old, new in MOVED.items():
        thing = module_of(new)
        if thing is None:
            owner, _, last = new.rpartition(".")
            thing = getattr(module_of(owner), last, None)
        if thing is not None:
            things[old] = thing
    return things


def module_of(name: str) -> Any | None:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def told(tree: ast.Module, shown: str) -> list[str]:
    """A sentence on each API of a file that has moved, with the first line on which it is used."""
    origins, lines = import_origins(tree), {}
    for node in ast.walk(tree):
        for name in names_in(node, origins):
            for old in (*MOVED, *REBUILT):
                if name == old or name.startswith(old + "."):
                    lines.setdefault(old, node.lineno)
    return [
        f"`{old}` on line {line} of `{shown}` is gone: {GONE.get(old, 'it moved')}; refkit runs it as that"
        for old, line in lines.items()
        if not has(module_of(old.rpartition(".")[0]), old.rpartition(".")[2])
    ]


def names_in(node: ast.AST, origins: dict[str, str]) -> list[str]:
    """Full names that a node reads or imports."""
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    name = dotted(node) if isinstance(node, ast.Attribute) else None
    first, _, rest = (name or "").partition(".")
    return [f"{origins[first]}.{rest}"] if rest and first in origins else []
