"""Which line of a list of layers a step comes from, in the ways in which lists are made and called."""

import ast
import sys
import textwrap

import jax
import jax.numpy as jnp
import pytest

from refkit.loading import load
from refkit.tracing import loops
from refkit.tracing.callers import Callers, frames_of
from refkit.tracing.listed import Listed
from refkit.tracing.program import trace_program

LAYERS = """
import functools
import jax.numpy as jnp

def scaled(by):
    def run(x):
        return x * by
    return run

class Scaled:
    def __init__(self, by):
        self.by = by
    def __call__(self, x):
        return x * self.by

squash = jnp.tanh
"""
WAYS = {
    "a loop over a list": """
        LAYERS = [
            scaled(2.0),  # 1
            squash,  # 2
            scaled(3.0),  # 3
            squash,  # 4
        ]

        def model(x):
            for layer in LAYERS:
                x = layer(x)
            return x
        """,
    "one layer listed twice": """
        twice = scaled(2.0)
        LAYERS = (
            twice,  # 1
            squash,  # 2
            twice,  # 3
            squash,  # 4
        )

        def model(x):
            for k in range(len(LAYERS)):
                x = LAYERS[k](x)
            return x
        """,
    "a closure over arguments": """
        def serial(*layers):
            def run(x):
                for number, layer in enumerate(layers):
                    x = layer(x)
                return x
            return run

        model = serial(
            scaled(2.0),  # 1
            squash,  # 2
            scaled(3.0),  # 3
            squash,  # 4
        )
        """,
    "functions composed": """
        def composed(*functions):
            return functools.reduce(lambda f, g: lambda x: g(f(x)), functions)

        model = composed(
            scaled(2.0),  # 1
            squash,  # 2
            scaled(3.0),  # 3
            squash,  # 4
        )
        """,
    "functions reduced over": """
        def model(x):
            layers = [
                scaled(2.0),  # 1
                squash,  # 2
                Scaled(3.0),  # 3
                squash,  # 4
            ]
            return functools.reduce(lambda h, layer: layer(h), layers, x)
        """,
    "layers appended": """
        LAYERS = []
        LAYERS.append(Scaled(2.0))  # 1
        LAYERS.append(squash)  # 2
        LAYERS.append(Scaled(3.0))  # 3
        LAYERS.append(squash)  # 4

        def model(x):
            for layer in LAYERS:
                x = layer(x)
            return x
        """,
    "pairs in a dict": """
        LAYERS = {
            "a": (scaled, scaled(2.0)),  # 1
            "b": (None, squash),  # 2
            "c": (scaled, scaled(3.0)),  # 3
            "d": (None, squash),  # 4
        }

        def model(x):
            for name, (make, run) in LAYERS.items():
                x = run(x)
            return x
        """,
}


@pytest.mark.parametrize("way", WAYS)
def test_every_step_has_the_line_of_its_element(way, tmp_path):
    source = LAYERS + textwrap.dedent(WAYS[way])
    path = tmp_path / "layers.py"
    path.write_text(source)
    loaded = load(str(path), wanted=("model",))
    listed = Listed(loaded.elements)
    with loaded.active(), listed.watching():
        program = trace_program(loaded.get("model"), [jnp.ones(3)], [("input", "x")], Callers((loaded.file,), listed))
    places = [
        next((frame.line for frame in frames_of(step.site) if frame.listed), None)
        for step in program.plan.instructions
        if step.op in ("mul", "tanh", "jit")
    ]
    marked = [
        number
        for number, line in enumerate(source.splitlines(), 1)
        if line.rstrip()[-3:] in ("# 1", "# 2", "# 3", "# 4")
    ]
    assert places == marked


def test_lists_are_made_as_they_were_written(tmp_path):
    path = tmp_path / "made.py"
    path.write_text(
        textwrap.dedent("""
        def given(*args, **kwargs):
            return args, kwargs

        def model(x, rest=(len, abs)):
            first, *others = [x, *rest]
            table = {"a": len, **{"b": abs}}
            return given(first, *others, max, key=(len, table)), [layer for layer in (len, abs)], f"{(len, 1)[1]}"
        """)
    )
    loaded = load(str(path), wanted=("model",))
    with loaded.active():
        made = loaded.get("model")(1)
    assert made == (((1, len, abs, max), {"key": (len, {"a": len, "b": abs})}), [len, abs], "1")


def test_nothing_is_noticed_of_what_is_called_by_its_name():
    listed = Listed(None)
    with listed.watching():
        jax.make_jaxpr(lambda x: jnp.tanh(x))(1.0)
    assert not listed.known


def test_no_element_of_an_array_is_computed():
    """A method of one, as in `xs[t].reshape(-1)`, looks like a method of a listed layer."""
    xs, t = jnp.zeros((3, 2)), 1
    assert xs[t].shape == (2,)
    with pytest.raises(TypeError, match="an array has no layers"):
        loops.value_of(ast.parse("xs[t]", mode="eval").body, sys._getframe())
