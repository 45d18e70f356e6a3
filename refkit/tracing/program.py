"""A program: a function traced once to a jaxpr, laid out so that it can be evaluated many times over."""

import dataclasses
from typing import Any

import jax
import numpy as np
from jax.extend import core as jex

from refkit.tracing.sites import Sites
from refkit.tracing.trace import Site

ENTERED = {
    "jit",
    "pjit",
    "closed_call",
    "core_call",
    "custom_jvp_call",
    "custom_vjp_call",
    "custom_vjp_call_jaxpr",
    "remat2",
    "checkpoint",
    "custom_lin",
    "xla_call",
}
OWN_RULES = {"custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr"}


@dataclasses.dataclass(slots=True)
class Instruction:
    """One equation with its variables turned into slots of a flat environment."""

    op: str
    params: dict[str, Any]
    inputs: list[int]
    outputs: list[int]
    avals: list[Any]
    site: Site | None
    plans: tuple["Plan", ...]
    equation: Any


@dataclasses.dataclass(slots=True)
class Plan:
    """A jaxpr as instructions over slots. Literals and constants are numbered across the whole program."""

    size: int
    arguments: list[int]
    constants: list[tuple[int, int]]
    instructions: list[Instruction]
    results: list[int]

    def has(self, op: str) -> bool:
        """Whether a primitive occurs in it, at any depth."""
        return any(step.op == op or any(plan.has(op) for plan in step.plans) for step in self.instructions)


class Program:
    """A traced function.

    Args:
        closed: the closed jaxpr.
        roles: one entry an argument: `("parameter", "conv1.kernel")`, `("input", "x")`, `("label", "y")`, ….
        sites: how to find the program's own lines.
    """

    def __init__(self, closed: jex.ClosedJaxpr, roles: list[tuple[str, str]], sites: Sites):
        self.closed, self.roles, self.sites = closed, roles, sites
        self.constants: list[tuple[Any, Any]] = []
        self.plan = self.lay_out(closed.jaxpr, closed.consts, None)
        self.avals = closed.in_avals
        self.backward: dict[tuple[int, ...], Program] = {}

    def lay_out(self, jaxpr, consts, outer: Site | None) -> Plan:
        slots: dict[Any, int] = {}
        loaded: list[tuple[int, int]] = []

        def slot(var) -> int:
            if isinstance(var, jex.Literal):
                self.constants.append((var.val, var.aval))
                number = len(slots)
                slots[number] = number
                loaded.append((number, len(self.constants) - 1))
                return number
            if var not in slots:
                slots[var] = len(slots)
            return slots[var]

        for var, value in zip(jaxpr.constvars, consts, strict=True):
            self.constants.append((value, var.aval))
            loaded.append((slot(var), len(self.constants) - 1))
        arguments = [slot(var) for var in jaxpr.invars]
        instructions = []
        for equation in jaxpr.eqns:
            site = self.sites.within(self.sites.of(equation.source_info), outer)
            inputs = [slot(var) for var in equation.invars]
            plans = tuple(self.lay_out(*inner, site) for inner in inner_jaxprs(equation))
            outputs = [slot(var) for var in equation.outvars]
            avals = [var.aval for var in equation.outvars]
            instructions.append(
                Instruction(equation.primitive.name, equation.params, inputs, outputs, avals, site, plans, equation)
            )
        results = [slot(var) for var in jaxpr.outvars]
        return Plan(len(slots), arguments, loaded, instructions, results)


def inner_jaxprs(equation) -> list[tuple[Any, list]]:
    """The jaxprs that an equation runs, in the order in which the evaluator expects them."""
    name, params = equation.primitive.name, equation.params
    if name == "cond":
        closed = list(params["branches"])
    elif name == "while":
        closed = [params["cond_jaxpr"], params["body_jaxpr"]]
    elif name == "scan":
        closed = [params["jaxpr"]]
    elif name in ENTERED:
        closed = [next(params[key] for key in ("jaxpr", "call_jaxpr", "fun_jaxpr") if key in params)]
    else:
        closed = []
    return [(inner.jaxpr, inner.consts) if hasattr(inner, "consts") else (inner, []) for inner in closed]


def trace_program(function, arguments: list, roles: list[tuple[str, str]], sites: Sites) -> Program:
    """Trace `function(*arguments)` in the program's own dtypes, x64 off.

    Args:
        arguments: flat list of arrays or `jax.ShapeDtypeStruct`.
        roles: what each argument is.
    """
    with jax.enable_x64(False), jax.numpy_dtype_promotion("standard"):
        closed = jax.make_jaxpr(function)(*arguments)
    return Program(closed, roles, sites)


def as_array(value) -> np.ndarray:
    """A constant of a jaxpr as NumPy; typed keys as their bits."""
    if hasattr(value, "dtype") and jax.dtypes.issubdtype(value.dtype, jax.dtypes.prng_key):
        return np.asarray(jax.random.key_data(value))
    return np.asarray(value)
