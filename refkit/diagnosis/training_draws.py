"""Lines at which a model in training mode draws random numbers."""

import jax
import numpy as np

from refkit.diagnosis.stepping import KEY
from refkit.diagnosis.yours import Yours
from refkit.tracing.evaluate import evaluate
from refkit.tracing.program import trace_program


def drawing_lines(yours: Yours) -> frozenset[int]:
    """Of your file, 0 for one that is not known; none where your model cannot be run in training mode."""

    def forward(key, *flat):
        leaves, inputs = flat[: len(yours.kinds)], flat[len(yours.kinds) :]
        return yours.implementation.apply(jax.tree.unflatten(yours.tree, leaves), *inputs, training=True, key=key)

    inputs = [jax.ShapeDtypeStruct(np.shape(v), r.dtype) for r, v in zip(yours.inputs, yours.input_values, strict=True)]
    shapes = [jax.eval_shape(lambda: jax.random.key(0)), *yours.shapes, *inputs]
    try:
        program = trace_program(forward, shapes, [("key", "key"), *yours.roles()], yours.sites)
        values = [np.zeros(shape.shape, shape.dtype) for shape in yours.shapes]
        trace = evaluate(program, [KEY, *values, *yours.input_values])
    except Exception:  # noqa: BLE001: in training mode your model may want anything
        return frozenset()
    sites = [trace.sites[k] for k, op in enumerate(trace.ops) if op == "random_bits"]
    return frozenset(site.line if site is not None else 0 for site in sites)
