"""What the model itself is handed when a step or a score is run as far as the model."""

import contextlib
import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
from flax import nnx

from refkit.adapters.calling import FORWARD
from refkit.adapters.parts.preprocess import arrays_of
from refkit.adapters.search import Call as ModelCall


@dataclasses.dataclass
class Handed:
    """One call of the model.

    Args:
        inputs: its data in their order, each with the key around it or its parameter's name.
        leaves: the parameters that it was called with.
    """

    inputs: list[tuple[str, np.ndarray]]
    leaves: list[np.ndarray]

    @property
    def parameters(self) -> int:
        """A number that tells parameters from others."""
        return hash(tuple((leaf.shape, leaf.tobytes()) for leaf in self.leaves))


class Reached(BaseException):
    """Ends a function as soon as it calls the model."""

    def __init__(self, handed: Handed | None):
        super().__init__()
        self.handed = handed


class Forward:
    """The model's own forward function, which notes what it is handed while it is waited for.

    Args:
        call: how the model is called.
        variables: the module's names.
    """

    def __init__(self, call: ModelCall, variables: dict[str, Any]):
        self.model, self.variables = call.model, variables
        self.waiting, self.failed = False, False

    @contextlib.contextmanager
    def replaced(self) -> Iterator[None]:
        """While every call of the model goes through here."""
        cls = self.model.cls
        if cls is not None:
            name = next((name for name in FORWARD if any(name in vars(base) for base in cls.__mro__)), "__call__")
            own, original = name in vars(cls), getattr(cls, name)
            setattr(cls, name, self.listening(original, method=True))
            try:
                yield
            finally:
                setattr(cls, name, original) if own else delattr(cls, name)
            return
        names = [name for name, value in self.variables.items() if value is self.model.function]
        self.variables.update(dict.fromkeys(names, self.listening(self.model.function, method=False)))
        try:
            yield
        finally:
            self.variables.update(dict.fromkeys(names, self.model.function))

    def listening(self, original: Callable, method: bool) -> Callable:
        @functools.wraps(original)
        def forward(*positional: Any, **named: Any) -> Any:
            if self.waiting:
                raise Reached(self.noted(original, positional, named, method))
            return original(*positional, **named)

        return forward

    def noted(self, original: Callable, positional: tuple, named: dict[str, Any], method: bool) -> Handed | None:
        try:
            bound = inspect.signature(original).bind(*positional, **named).arguments
            data = [parameter.name for parameter in self.model.data_parameters if parameter.name in bound]
            inputs = [pair for name in data for pair in arrays_of(concrete_tree(bound[name]), name)]
            kept = (
                [parameters_in(positional[0])]
                if method
                else [value for name, value in bound.items() if name not in data]
            )
            leaves = [concrete(leaf) for leaf in jax.tree.leaves(kept) if hasattr(leaf, "dtype") and is_float(leaf)]
        except Exception:  # noqa: BLE001: values of an inner trace cannot be had
            return None
        return Handed(inputs, leaves) if inputs else None

    def reach(self, function: Callable, positional: tuple, named: dict[str, Any]) -> Handed | None:
        """What the model is handed when a function is run, which ends there; None where it cannot be had."""
        if self.failed:
            return None
        self.waiting, handed = True, None
        try:
            with jax.disable_jit():
                function(*positional, **named)
        except Reached as reached:
            handed = reached.handed
        except Exception:  # noqa: BLE001: stand-ins may not suit what is run
            handed = None
        finally:
            self.waiting = False
        self.failed = handed is None
        return handed


def parameters_in(module: Any) -> Any:
    """The parameters of a module that is being called."""
    if isinstance(module, nnx.Module):
        return nnx.state(module, nnx.Param)
    return module.variables.get("params", {})


def is_float(leaf: Any) -> bool:
    return bool(jax.numpy.issubdtype(leaf.dtype, jax.numpy.floating))


def concrete_tree(value: Any) -> Any:
    return jax.tree.map(lambda leaf: concrete(leaf) if hasattr(leaf, "dtype") else leaf, value)


def concrete(value: Any) -> np.ndarray:
    """The array behind a value that is being differentiated or mapped over."""
    while isinstance(value, jax.core.Tracer):
        if hasattr(value, "batch_dim"):
            axis, value = value.batch_dim, value.val
            value = (
                value if axis is None or isinstance(value, jax.core.Tracer) else np.moveaxis(np.asarray(value), axis, 0)
            )
        else:
            value = value.primal
    return np.asarray(value)


def moved(value: Any, by: float = 0.01) -> Any:
    """A state with every parameter moved, as a step leaves it; modules are changed in place."""
    if isinstance(value, nnx.Module):
        nnx.update(value, jax.tree.map(functools.partial(moved_leaf, by=by), nnx.state(value, nnx.Param)))
        return value
    if isinstance(value, (nnx.Optimizer, nnx.Metric, nnx.Rngs)):
        if isinstance(getattr(value, "model", None), nnx.Module):
            moved(value.model, by)
        return value
    try:
        return jax.tree.map(functools.partial(moved_leaf, by=by), value)
    except Exception:  # noqa: BLE001: whatever the program calls its state
        return value


def moved_leaf(leaf: Any, by: float) -> Any:
    """A parameter, moved by NumPy: nothing is compiled for its shape."""
    if not isinstance(leaf, (jax.Array, np.ndarray)) or leaf.ndim < 1 or not is_float(leaf):
        return leaf
    if isinstance(leaf, jax.core.Tracer):
        return leaf + by
    made = np.asarray(leaf) + np.asarray(by, leaf.dtype)
    return jax.numpy.asarray(made) if isinstance(leaf, jax.Array) else made
