"""Evaluation mode for the file's own functions and models, whatever mode their callers ask for."""

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from flax import linen, nnx

from refkit.adapters import roles
from refkit.adapters.evidence import Evidence

CALLED = ("__call__", "forward", "apply")


@contextlib.contextmanager
def own_modes(evidence: Evidence) -> Iterator[None]:
    """While open, functions and models that the file defines with a mode of their own run in evaluation mode.

    A key that may be left out, of a function that has no mode, is left out: it is what such a function tells the modes by.
    """
    variables, undo = evidence.namespace.variables, contextlib.ExitStack()
    of_linen = []
    for name, value in list(variables.items()):
        if inspect.isclass(value) and name in evidence.namespace.classes:
            if issubclass(value, linen.Module):
                of_linen.append(value)
            elif issubclass(value, nnx.Module):
                patch_methods(value, undo)
        elif name in defined(evidence) and (changes := changes_of(value)):
            variables[name] = in_evaluation(value, changes)
            undo.callback(variables.__setitem__, name, value)
    with undo, linen.intercept_methods(functools.partial(evaluate_method, tuple(of_linen))):
        yield


def defined(evidence: Evidence) -> set[str]:
    """Names that the file's own functions have, or that it gives to what it makes of them."""
    return {getattr(node, "name", "") for node in evidence.tree.body} | set(evidence.namespace.assigned)


def changes_of(function: Any) -> dict[str, Any]:
    """What evaluation mode gives the parameters of a function; empty where they say nothing of modes."""
    if not inspect.isfunction(function) and not hasattr(function, "__wrapped__"):  # a model is called by its class
        return {}
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}
    modes = {name: value for name in parameters if (value := roles.mode(name, training=False)) is not None}
    if modes:
        return modes
    return {name: None for name, p in parameters.items() if roles.is_key(name) and p.default is None}


def in_evaluation(function: Callable[..., Any], changes: dict[str, Any]) -> Callable[..., Any]:
    """The function with its modes settled; where a mode is given as anything but a bool, it is another thing of that name."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        bound = settle(signature, changes, args, kwargs)
        return function(*bound.args, **bound.kwargs)

    return called


def settle(
    signature: inspect.Signature, changes: dict[str, Any], args: tuple, kwargs: dict[str, Any]
) -> inspect.BoundArguments:
    bound = signature.bind(*args, **kwargs)
    for name, value in changes.items():
        given = bound.arguments.get(name, signature.parameters[name].default)
        if value is None or isinstance(given, bool):
            bound.arguments[name] = value
    return bound


def patch_methods(cls: type, undo: contextlib.ExitStack) -> None:
    for name in CALLED:
        method = vars(cls).get(name)
        changes = changes_of(method) if inspect.isfunction(method) else {}
        if changes:
            setattr(cls, name, in_evaluation(method, changes))
            undo.callback(setattr, cls, name, method)


def evaluate_method(classes: tuple[type, ...], run: Any, args: tuple, kwargs: dict[str, Any], context: Any) -> Any:
    """A method of one of the file's own Linen models in evaluation mode."""
    if not isinstance(context.module, classes) or context.method_name not in CALLED:
        return run(*args, **kwargs)
    method = getattr(type(context.module), context.method_name)
    changes = changes_of(method)
    if not changes:
        return run(*args, **kwargs)
    bound = settle(inspect.signature(method), changes, (context.module, *args), kwargs)
    return run(*bound.args[1:], **bound.kwargs)
