"""Which axis of drawn data has the examples."""

import ast
import textwrap

import pytest

from refkit.adapters.drawn_axes import examples_axis

FILES = {
    "labels of each example's mean": (
        """
        def update(x, y): ...
        x = random.normal(key, (16, 20, 2))
        y = jnp.floor(x[:, :, 0].mean(1) * 4).astype(int)
        update(x, y)
        """,
        0,
    ),
    "time comes first": (
        """
        def make(rng, n, steps):
            values = rng.normal(size=(steps, n))
            return np.stack([values, values**2], -1), values.sum(axis=0)
        """,
        1,
    ),
    "labels of their own": (
        """
        def make(rng, n, steps):
            return rng.normal(size=(n, steps, 2)), rng.normal(size=(n,))
        """,
        None,
    ),
    "data turned before their use": (
        """
        def make(rng, n, steps):
            values = rng.normal(size=(n, steps))
            return np.stack([values, values**2], -1), values.sum(1)
        for x, y in batches: update(x.transpose(1, 0, 2), y)
        """,
        None,
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_examples_axis(name):
    text, axis = FILES[name]
    assert examples_axis(ast.parse(textwrap.dedent(text)), []) == axis
