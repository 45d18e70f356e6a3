"""A program seen through its adapter, from text or from a file, as the tests of adapters need it."""

import jax
import jax.numpy as jnp
import numpy as np

from refkit.adapters import adapt
from refkit.implementation import Implementation, Input
from refkit.loading import load
from refkit.loading.discovery import the_model
from refkit.tracing.evaluate import evaluate
from refkit.tracing.program import trace_program
from refkit.tracing.sites import Sites

HEADER = """import dataclasses
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from flax import nnx
"""
WORDS = Input("words", "tokens", (8,), "int32", 16)
PICTURE = Input("image", "image", (28, 28, 1))
PICTURES = {"image": (28, 28, 1), "channels": (6, 16), "kernel": 5}
SUBJECTS = {
    "mlp": ((Input("x", "features", (30,)),), 2, {"features": 30, "hidden": (64,), "outputs": 2}, "int32"),
    "lenet": ((Input("x", "image", (28, 28, 1)),), 10, PICTURES | {"dense": (120, 84), "classes": 10}, "int32"),
    "lstm": ((Input("x", "sequence", (20, 2)),), 1, {"features": 2, "hidden": 128, "outputs": 1}, "float32"),
    "multimodal": (
        (PICTURE, WORDS),
        5,
        PICTURES | {"vocabulary": 16, "embedding": 32, "hidden": 64, "dense": (128,), "classes": 5},
        "int32",
    ),
}
BATCH = 7


def see(file: str, reference: str, kwargs: dict | None = None, **options) -> Implementation:
    """The model of a file, beside a reference."""
    inputs, outputs, sizes, label_dtype = SUBJECTS[reference]
    loaded = load(file)
    return adapt(loaded, the_model(loaded), inputs, outputs, sizes, kwargs, label_dtype=label_dtype, **options)


def write(folder, text: str, name: str = "mine.py") -> str:
    """A file of the user's; its first lines are `HEADER`."""
    path = folder / name
    path.write_text(HEADER + text)
    return str(path)


def output_shape(seen: Implementation, training: bool = False) -> tuple[int, ...]:
    """Of the model, for a batch."""
    tree = jax.eval_shape(seen.init, jax.random.key(0))
    apply = lambda tree, *inputs: seen.apply(
        tree, *inputs, training=training, key=jax.random.key(1) if training else None
    )
    return jax.eval_shape(apply, tree, *shapes(seen)).shape


def shapes(seen: Implementation) -> tuple[jax.ShapeDtypeStruct, ...]:
    return tuple(jax.ShapeDtypeStruct((BATCH, *given.shape), given.dtype) for given in seen.inputs)


def label_shape(seen: Implementation) -> jax.ShapeDtypeStruct:
    """Labels as the reference has them, for this program's outputs."""
    outputs = output_shape(seen)
    if seen.label_dtype == "float32":
        return jax.ShapeDtypeStruct(outputs if len(outputs) > 1 else (*outputs, 1), jnp.float32)
    return jax.ShapeDtypeStruct(outputs[:-1] if len(outputs) > 2 else outputs[:1], jnp.int32)


def values(seen: Implementation) -> tuple[np.ndarray, ...]:
    """Inputs of a batch."""
    generator = np.random.default_rng(0)
    return tuple(
        generator.integers(1, given.high or 9, (BATCH, *given.shape)).astype(np.int32)
        if given.dtype == "int32"
        else generator.normal(size=(BATCH, *given.shape)).astype(np.float32)
        for given in seen.inputs
    )


def initial(seen: Implementation, seed: int = 0):
    """Its parameters from a key."""
    return run(seen.init, jax.random.key(seed))


def run(function, *arguments):
    """What a function gives, evaluated in NumPy: nothing is compiled.

    Args:
        arguments: trees of arrays; a key may be among them.
    """
    leaves, structure = jax.tree.flatten(arguments)
    flat = lambda *given: jax.tree.leaves(function(*jax.tree.unflatten(structure, given)))
    given = [jax.random.key_data(leaf) if is_key(leaf) else leaf for leaf in leaves]
    trace = evaluate(
        trace_program(flat, leaves, [("input", "x")] * len(leaves), Sites()), [np.asarray(leaf) for leaf in given]
    )
    shapes = jax.eval_shape(function, *arguments)
    return jax.tree.unflatten(jax.tree.structure(shapes), [trace.values[node] for node in trace.outputs])


def is_key(leaf) -> bool:
    return isinstance(leaf, jax.Array) and jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key)
