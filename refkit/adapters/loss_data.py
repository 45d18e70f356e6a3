"""What a loss makes of the data that it is handed, read off its jaxpr."""

from typing import Any

import jax

from refkit.adapters.sizes import inner_jaxprs


def takes_data(jaxpr: Any, shapes: tuple) -> bool:
    """Whether the labels or inputs handed over are read: a closure over a data set of the file's own reads neither."""
    tree, *data = shapes
    given = jaxpr.invars[len(jax.tree.leaves(tree)) :][: len(jax.tree.leaves(data))]
    needed = {id(variable) for variable in jaxpr.outvars}
    for equation in reversed(jaxpr.eqns):
        if any(id(variable) in needed for variable in equation.outvars):
            needed |= {id(variable) for variable in equation.invars}
    return any(id(variable) in needed for variable in given)


def pairs_examples(jaxpr: Any, batch: int) -> bool:
    """Whether some value has the batch on two axes."""
    for equation in jaxpr.eqns:
        if any(tuple(getattr(variable.aval, "shape", ())).count(batch) > 1 for variable in equation.outvars):
            return True
        if any(pairs_examples(inner, batch) for inner in inner_jaxprs(equation)):
            return True
    return False
