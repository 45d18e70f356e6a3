"""The gradients that a program takes, kept as it takes them."""

import ast
import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp

from refkit.adapters.evidence import Evidence
from refkit.adapters.expressions import name_of


@dataclasses.dataclass
class Taken:
    """One gradient.

    Args:
        value: what was differentiated; None where only its gradient was asked for.
        leaves: of the gradients, in their order.
    """

    value: jax.Array | None
    leaves: list[jax.Array]


@contextlib.contextmanager
def recorded(evidence: Evidence, scale: float = 1.0) -> Iterator[list[Taken]]:
    """While open, nothing is jitted but inside of what is differentiated, and every gradient is kept.

    Args:
        evidence: the file, whose own names for `jax.grad` stand for the recording ones too.
        scale: what gradients are multiplied by.
    """
    found: list[Taken] = []
    real = {"grad": jax.grad, "value_and_grad": jax.value_and_grad}
    recording = {name: functools.partial(differentiate, real["value_and_grad"], name, found, scale) for name in real}
    variables, changed = evidence.namespace.variables, {}
    for name, value in list(variables.items()):
        for kind in real:
            if value is real[kind]:
                changed[name], variables[name] = value, recording[kind]
    for kind, function in recording.items():
        setattr(jax, kind, function)
    try:
        for name, value in differentiated_names(evidence):
            with contextlib.suppress(Exception):
                made = eval(compile(ast.Expression(value), "<made again>", "eval"), variables)
                changed[name] = variables[name]
                variables[name] = made
        with jax.disable_jit():
            yield found
    finally:
        for kind, function in real.items():
            setattr(jax, kind, function)
        variables.update(changed)


def differentiated_names(evidence: Evidence) -> Iterator[tuple[str, ast.expr]]:
    """Names that the file itself gives to `jax.grad(f)`, with their expressions."""
    for node in evidence.tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.value, ast.Call):
            calls = [inner for inner in ast.walk(node.value) if isinstance(inner, ast.Call)]
            name = name_of(node.targets[0])
            if name in evidence.namespace.variables and any(
                name_of(c.func) in ("grad", "value_and_grad") for c in calls
            ):
                yield name, node.value


def differentiate(
    real: Callable, name: str, found: list[Taken], scale: float, function: Callable, *args: Any, **options: Any
):
    """`jax.grad` or `jax.value_and_grad`, keeping what it gives."""
    inner = real(function, *args, **options)
    has_aux = options.get("has_aux", False)

    @functools.wraps(function, updated=())
    def run(*arguments: Any, **named: Any) -> Any:
        with jax.disable_jit(False):
            value, grads = inner(*arguments, **named)
        if scale != 1.0:
            grads = jax.tree.map(lambda g: g * scale if jnp.issubdtype(g.dtype, jnp.floating) else g, grads)
        main = value[0] if has_aux else value
        found.append(Taken(main, [leaf for leaf in jax.tree.leaves(grads) if hasattr(leaf, "dtype")]))
        if name == "value_and_grad":
            return value, grads
        return (grads, value[1]) if has_aux else grads

    return run
