"""Programs evaluated by the NumPy rules alone, and the same by JAX, to compare."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from refkit.tracing.primitives import RULES, stored
from refkit.tracing.primitives.storage import key_shape

ENTERED = {
    "closed_call": "call_jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
    "jit": "jaxpr",
    "remat2": "jaxpr",
}
FAST = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


class Case(NamedTuple):
    """A function and what it is called with (floats in float32)."""

    function: Callable
    arguments: tuple


def run(closed, arguments, wide: bool) -> list[np.ndarray]:
    """Evaluate a closed jaxpr equation by equation and check the shape of everything."""
    jaxpr, consts = getattr(closed, "jaxpr", closed), getattr(closed, "consts", ())
    values = {}

    def read(atom):
        return stored(atom.val, atom.aval, wide) if hasattr(atom, "val") else values[atom]

    def write(variables, results):
        for variable, result in zip(variables, results, strict=True):
            aval = variable.aval
            values[variable] = result = stored(result, aval, wide)
            assert result.shape == aval.shape + key_shape(aval), (variable, aval, result.shape)

    write((*jaxpr.constvars, *jaxpr.invars), (*consts, *arguments))
    for eqn in jaxpr.eqns:
        inputs = [read(atom) for atom in eqn.invars]
        for x in inputs:
            x.flags.writeable = False
        name, params = eqn.primitive.name, eqn.params
        if name in ENTERED:
            results = run(params[ENTERED[name]], inputs, wide)
        elif name == "cond":
            results = run(params["branches"][int(np.clip(inputs[0], 0, len(params["branches"]) - 1))], inputs[1:], wide)
        elif name == "while":
            results = run_while(params, inputs, wide)
        elif name == "scan":
            results = run_scan(params, inputs, wide)
        elif name == "custom_linear_solve":
            lengths = params["const_lengths"]
            start = lengths.matvec + lengths.vecmat
            end = start + lengths.solve
            right = inputs[end + lengths.transpose_solve :]
            results = run(params["jaxprs"].solve, [*inputs[start:end], *right], wide)
        else:
            results = RULES[name](inputs, params, [v.aval for v in eqn.outvars], wide)
        write(eqn.outvars, results)
    return [read(atom) for atom in jaxpr.outvars]


def run_while(params, inputs, wide):
    test, body = params["cond_nconsts"], params["body_nconsts"]
    carry = inputs[test + body :]
    while run(params["cond_jaxpr"], [*inputs[:test], *carry], wide)[0]:
        carry = run(params["body_jaxpr"], [*inputs[test : test + body], *carry], wide)
    return carry


def run_scan(params, inputs, wide):
    fixed, carried = params["num_consts"], params["num_carry"]
    carry, sequences, rows = inputs[fixed : fixed + carried], inputs[fixed + carried :], []
    steps = range(params["length"])
    for step in reversed(steps) if params["reverse"] else steps:
        found = run(params["jaxpr"], [*inputs[:fixed], *carry, *(x[step] for x in sequences)], wide)
        carry = found[:carried]
        rows.append(found[carried:])
    return [*carry, *(np.stack(column) for column in zip(*(rows[::-1] if params["reverse"] else rows)))]


def by_rules(case: Case, wide: bool = True) -> list[np.ndarray]:
    """What the rules make of a program traced in its own dtypes."""
    closed = jax.make_jaxpr(case.function)(*case.arguments)
    with np.errstate(all="ignore"):
        return run(closed, jax.tree.leaves(case.arguments), wide)


def lift(x):
    """A float32 array in float64; anything else as it is."""
    return np.asarray(x, np.float64) if getattr(x, "dtype", None) == np.float32 else x


def by_jax(cases: dict[str, Case], wide: bool = True) -> dict[str, list[np.ndarray]]:
    """What JAX makes of programs: in one compilation, in float64 if `wide`."""
    with jax.enable_x64(wide):
        arguments = {
            name: jax.tree.map(lift, case.arguments) if wide else case.arguments for name, case in cases.items()
        }
        together = jax.jit(
            lambda given: {name: jax.tree.leaves(cases[name].function(*xs)) for name, xs in given.items()}
        )
        results = together.lower(arguments).compile(compiler_options=FAST)(arguments)
        return {name: [as_numpy(x) for x in found] for name, found in results.items()}


def as_numpy(x) -> np.ndarray:
    """A JAX array in NumPy: typed keys as their words, tangents of integers as False."""
    if x.dtype == jax.dtypes.float0:
        return np.zeros(x.shape, bool)
    return np.asarray(jax.random.key_data(x) if jnp.issubdtype(x.dtype, jax.dtypes.prng_key) else x)


def weigh(results):
    """A scalar in which every floating element of the results counts differently."""
    total = 0.0
    for x in jax.tree.leaves(results):
        if jnp.issubdtype(x.dtype, jnp.inexact):
            weights = np.cos(1 + np.arange(x.size)).reshape(x.shape).astype(np.float32)
            total += (jnp.real(x) * weights).sum()
    return total


def gradient(case: Case) -> Case:
    """The gradient of a program in all its floating arguments, and after it what the program itself returns."""
    wanted = tuple(
        number
        for number, x in enumerate(case.arguments)
        if all(jnp.issubdtype(leaf.dtype, jnp.floating) for leaf in jax.tree.leaves(x))
    )

    def weighed(*arguments):
        results = case.function(*arguments)
        return weigh(results), results

    return Case(jax.grad(weighed, wanted, has_aux=True), case.arguments)


def check(cases: dict[str, Case], tolerance: float = 1e-10):
    """Compare programs and their gradients, all in one compilation."""
    theirs = by_jax({name: gradient(case) for name, case in cases.items()})
    for name, case in cases.items():
        compare(case, theirs[name], tolerance)


def compare(case: Case, theirs, tolerance: float):
    """Compare a program, and its gradient, with what JAX makes of the gradient."""
    mine = by_rules(case)
    assert_same(mine, theirs[len(theirs) - len(mine) :], tolerance)
    assert_same(by_rules(gradient(case)), theirs, tolerance)


def largest(x: np.ndarray) -> float:
    """The largest absolute finite value."""
    x = x.astype(complex)
    return float(np.abs(x[np.isfinite(x)]).max(initial=0))


def assert_same(mine, theirs, tolerance: float = 1e-10) -> None:
    """Equal up to a tolerance relative to each array's largest finite value, or where it is nothing but rounding (a
    millionth of the others) to a millionth of the largest of all; NaN and infinities in the same places."""
    floor = 1e-6 * max((largest(x) for x in theirs), default=0)
    for yours, reference in zip(mine, theirs, strict=True):
        assert yours.shape == reference.shape
        yours, reference = (x.astype(complex if x.dtype.kind == "c" else np.float64) for x in (yours, reference))
        scale = max(largest(reference), floor) or 1.0
        np.testing.assert_allclose(yours, reference, rtol=0, atol=tolerance * scale)
