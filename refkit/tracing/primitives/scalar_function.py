"""Small jaxprs of scalars (reducers, scatter updates) applied to whole arrays at once."""

from typing import NamedTuple

import numpy as np

from refkit.tracing.primitives.storage import stored

UFUNCS = {
    "add": np.add,
    "add_any": np.add,
    "and": np.bitwise_and,
    "max": np.maximum,
    "min": np.minimum,
    "mul": np.multiply,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
}


class Elements(NamedTuple):
    """What a rule is told of a scalar that stands for a whole array."""

    shape: tuple[int, ...]
    dtype: np.dtype


INNER = ("jaxpr", "call_jaxpr", "fun_jaxpr")
SCALAR_SHAPING = {"broadcast_in_dim", "reshape", "squeeze", "copy"}


def known_ufunc(jaxpr):
    """The ufunc that a jaxpr of two scalars is, or None."""
    if len(jaxpr.eqns) != 1 or len(jaxpr.invars) != 2 or len(jaxpr.outvars) != 1:
        return None
    (eqn,) = jaxpr.eqns
    if eqn.outvars[0] is not jaxpr.outvars[0] or {*map(id, eqn.invars)} != {*map(id, jaxpr.invars)}:
        return None
    return UFUNCS.get(eqn.primitive.name)


def scalar_function(jaxpr, consts, wide: bool):
    """A function of arrays that does elementwise what a jaxpr does to scalars."""

    def call(*arguments):
        return _evaluate(jaxpr, consts, arguments, wide)

    return call


def _evaluate(jaxpr, consts, arguments, wide):
    from refkit.tracing.primitives import RULES

    values = {id(v): stored(x, v.aval, wide) for v, x in zip((*jaxpr.constvars, *jaxpr.invars), (*consts, *arguments))}

    def read(atom):
        return stored(atom.val, atom.aval, wide) if hasattr(atom, "val") else values[id(atom)]

    for eqn in jaxpr.eqns:
        inputs = [read(atom) for atom in eqn.invars]
        inner = next((eqn.params[key] for key in INNER if key in eqn.params), None)
        if inner is not None:
            outputs = _evaluate(getattr(inner, "jaxpr", inner), getattr(inner, "consts", ()), inputs, wide)
        elif eqn.primitive.name in SCALAR_SHAPING:
            outputs = inputs[:1]
        else:
            shape = np.broadcast_shapes(*(x.shape for x in inputs))
            avals = [Elements(shape, v.aval.dtype) for v in eqn.outvars]
            outputs = RULES[eqn.primitive.name](inputs, eqn.params, avals, wide)
        values.update((id(v), stored(x, v.aval, wide)) for v, x in zip(eqn.outvars, outputs))
    return [read(atom) for atom in jaxpr.outvars]
